"""Whether the module is built for threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("wasm/shared-memory", Severity.WARNING)
def shared_memory(subject: Subject) -> Iterator[Statement]:
    """Warn of shared memory: a proxy runs a module in one thread."""
    if any(each.is_shared and not each.imported for each in subject.module.memories):
        yield Statement(
            "The module's memory is shared between threads, and a proxy starts no threads for "
            "it. Build without -pthread and without the atomics feature.",
            "memory section",
        )
