"""Whether imports have the types that proxies offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.abi import offered_type
from wasmhub.proxywasm.findings import Severity, shown
from wasmhub.proxywasm.loading import LISTED
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("wasm/import-type", Severity.ERROR)
def import_type(subject: Subject) -> Iterator[Statement]:
    """Refuse imports under a known name with another type: the host compares both."""
    typed = [
        (each, offered_type(each.module, each.name, subject.facts.abi))
        for each in subject.facts.imports
        if each.kind == "function"
    ]
    wrong = [(each, type_) for each, type_ in typed if type_ is not None and type_ != each.type]
    for each, type_ in wrong[:LISTED]:
        name = shown(f"{each.module}.{each.name}")
        yield Statement(
            f"The import {name} has the type {shown(each.type)}, but proxies offer "
            f"{shown(type_)}. Declare it as the ABI has it; an SDK does that.",
            f"import {name}",
        )
    if len(wrong) > LISTED:
        yield Statement(
            f"{len(wrong) - LISTED} more imports have other types than proxies offer.", "imports"
        )
