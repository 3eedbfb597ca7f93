"""Whether code runs before the proxy is ready for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("wasm/start-section", Severity.NOTE)
def start_section(subject: Subject) -> Iterator[Statement]:
    """Note a start section: what it runs may not call the proxy."""
    if subject.module.start is not None and subject.imported:
        yield Statement(
            "The module has a start section, which runs while the module is instantiated. A "
            "function of the proxy that is called then crashes Envoy. Export the start function "
            "as _initialize instead.",
            "start section",
        )
