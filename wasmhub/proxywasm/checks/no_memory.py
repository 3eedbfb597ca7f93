"""Whether the proxy can reach the module's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

_TAKES_MEMORY: Final = ("proxy_", "fd_", "args_", "environ_", "clock_", "random_", "path_")


@check("wasm/no-memory", Severity.WARNING)
def no_memory(subject: Subject) -> Iterator[Statement]:
    """Warn of a module whose memory is hidden: its first call of the proxy ends the proxy."""
    kinds = {each.kind for each in subject.facts.exports}
    kinds |= {each.kind for each in subject.facts.imports}
    if "memory" in kinds:
        return
    if any(name.startswith(_TAKES_MEMORY) for name in subject.imported):
        yield Statement(
            "The module exports no memory and imports functions that read or write there. Envoy "
            "loads it and crashes at the first such call. Export the memory: --export-memory, or "
            '(export "memory") in the text form.',
            "exports",
        )
