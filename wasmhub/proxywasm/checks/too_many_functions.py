"""Whether the module can be compiled with a proxy's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

# Compiling so many functions, even empty ones, costs an engine gigabytes.
FUNCTIONS_MAX: Final = 50_000


@check("wasm/too-many-functions", Severity.ERROR)
def too_many_functions(subject: Subject) -> Iterator[Statement]:
    """Refuse what no proxy should compile."""
    if subject.module.functions > FUNCTIONS_MAX:
        yield Statement(
            f"The module defines {subject.module.functions} functions; more than {FUNCTIONS_MAX} "
            "cannot be compiled with a proxy's memory. Build it with optimisation for size.",
            "function section",
        )
