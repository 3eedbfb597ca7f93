"""Whether the module brings its own memory and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.findings import Severity, shown
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("wasm/imported-memory", Severity.WARNING)
def imported_memory(subject: Subject) -> Iterator[Statement]:
    """Warn of a memory or table that the host has to make."""
    for each in subject.facts.imports:
        if each.kind in ("memory", "table"):
            yield Statement(
                f"The module imports the {each.kind} {shown(f'{each.module}.{each.name}')}. Envoy "
                "makes one for it, which other hosts need not do. Link without --import-memory and "
                "--import-table.",
                f"import {shown(f'{each.module}.{each.name}')}",
            )
            return
