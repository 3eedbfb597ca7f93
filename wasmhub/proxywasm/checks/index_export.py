"""Whether an export has a number for a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.findings import Severity, shown
from wasmhub.proxywasm.limits import is_index
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("wasm/index-export", Severity.ERROR)
def index_export(subject: Subject) -> Iterator[Statement]:
    """Refuse a name that is an index: Envoy ends when it meets one."""
    for each in subject.facts.exports:
        if is_index(each.name):
            yield Statement(
                f"The module exports the {each.kind} {shown(each.name)}. Envoy crashes when it "
                "loads a module with an export whose name is a number. Give it a name.",
                f"export {shown(each.name)}",
            )
            return
