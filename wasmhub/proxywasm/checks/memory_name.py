"""Whether the memory has the name that every host looks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.findings import Severity, shown
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("wasm/memory-name", Severity.NOTE)
def memory_name(subject: Subject) -> Iterator[Statement]:
    """Note a memory under another name than the usual one."""
    names = [each.name for each in subject.facts.exports if each.kind == "memory"]
    if names and "memory" not in names:
        yield Statement(
            f"The module exports its memory as {shown(names[0])}. Envoy takes any exported memory; "
            "other hosts and tools look for the name memory. Export it under that name.",
            "exports",
        )
