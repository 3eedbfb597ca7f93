"""Whether addresses have the size that the ABI has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("wasm/wide-memory", Severity.WARNING)
def wide_memory(subject: Subject) -> Iterator[Statement]:
    """Warn of a memory with addresses of 64 bits."""
    if any(each.is_wide for each in subject.module.memories):
        yield Statement(
            "The module's memory has addresses of 64 bits, and proxy-wasm passes addresses of 32 "
            "bits. Build for wasm32 instead of wasm64.",
            "memory section",
        )
