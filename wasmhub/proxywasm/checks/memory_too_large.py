"""Whether the module begins with no more memory than a proxy gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.limits import MEBIBYTE, MEMORY_BYTES
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("wasm/memory-too-large", Severity.ERROR, stops_loading=True)
def memory_too_large(subject: Subject) -> Iterator[Statement]:
    """Refuse a memory that begins above the proxies' limit."""
    for each in subject.module.memories:
        wanted = each.minimum * each.page_bytes
        if wanted > MEMORY_BYTES:
            yield Statement(
                f"The module needs {wanted // MEBIBYTE} MiB of memory from the start, and proxies "
                "give at most 1024. Set a smaller initial memory, and let it grow when it must.",
                "import section" if each.imported else "memory section",
            )
