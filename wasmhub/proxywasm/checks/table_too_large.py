"""Whether tables fit into the proxies' engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.limits import TABLE_ELEMENTS
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("wasm/table-too-large", Severity.ERROR, stops_loading=True)
def table_too_large(subject: Subject) -> Iterator[Statement]:
    """Refuse a table that begins above the engine's limit."""
    for each in subject.module.tables:
        if each.minimum > TABLE_ELEMENTS:
            yield Statement(
                f"The module has a table of {each.minimum:,} elements, and the engine in proxies "
                f"takes at most {TABLE_ELEMENTS:,}. Make it smaller, or let it grow.",
                "table section",
            )
