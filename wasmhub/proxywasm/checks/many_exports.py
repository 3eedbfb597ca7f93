"""Whether the module exports what nobody calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

EXPORTED_FUNCTIONS_MAX: Final = 200


@check("wasm/many-exports", Severity.NOTE)
def many_exports(subject: Subject) -> Iterator[Statement]:
    """Note exports that keep the linker from dropping code."""
    if len(subject.exported) > EXPORTED_FUNCTIONS_MAX:
        yield Statement(
            f"The module exports {len(subject.exported)} functions, and a proxy calls about "
            "thirty. Each keeps code from being dropped. Link without --export-all and "
            "--export-dynamic.",
            "exports",
        )
