"""Whether the memory may grow further than a proxy lets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.limits import MEMORY_BYTES
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("wasm/memory-maximum", Severity.NOTE)
def memory_maximum(subject: Subject) -> Iterator[Statement]:
    """Note a maximum that is never reached."""
    for each in subject.module.memories:
        beyond = (each.maximum or 0) * each.page_bytes > MEMORY_BYTES
        if beyond and each.minimum * each.page_bytes <= MEMORY_BYTES:
            yield Statement(
                "The module lets its memory grow beyond 1024 MiB, where proxies stop: memory.grow "
                "fails there. Set a maximum that fits a proxy, which shares its machine.",
                "memory section",
            )
