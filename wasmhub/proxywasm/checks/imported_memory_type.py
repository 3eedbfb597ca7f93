"""Whether the proxy makes a memory or table of the kind that the module imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("wasm/imported-memory-type", Severity.ERROR, stops_loading=True)
def imported_memory_type(subject: Subject) -> Iterator[Statement]:
    """Refuse what the proxy would have to share, or address by 64 bits."""
    memories = (each.is_shared or each.is_wide for each in subject.module.memories if each.imported)
    tables = (each.is_wide for each in subject.module.tables if each.imported)
    if any(memories) or any(tables):
        yield Statement(
            "The module imports a memory or a table that is shared or has addresses of 64 bits. "
            "Proxies make neither, so it does not load. Build for wasm32, without -pthread, and "
            "link without --import-memory.",
            "import section",
        )
