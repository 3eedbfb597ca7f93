"""Whether the file is mostly debug information."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

LARGE_BYTES: Final = 1_000_000
DEBUG_SHARE: Final = 0.4


@check("wasm/unstripped", Severity.NOTE)
def unstripped(subject: Subject) -> Iterator[Statement]:
    """Note a large module that is mostly names and debug information."""
    if subject.facts.size < LARGE_BYTES:
        return
    sections = subject.module.custom_sections
    debug = sum(
        each.size for each in sections if each.name == "name" or each.name.startswith(".debug")
    )
    if debug > subject.facts.size * DEBUG_SHARE:
        yield Statement(
            f"{debug * 100 // subject.facts.size} % of the file are names and debug information, "
            "which every proxy downloads. Strip them: wasm-strip, or strip = true in Cargo's "
            "profile.",
            "custom sections",
        )
