"""Whether a proxy can hand data to the module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.abi import ALLOCATOR_TYPE, ALLOCATORS
from wasmhub.proxywasm.findings import Severity, shown
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("proxywasm/no-allocator", Severity.ERROR)
def no_allocator(subject: Subject) -> Iterator[Statement]:
    """Refuse a module into whose memory the host cannot write."""
    functions = subject.exported
    taken = next((name for name in ALLOCATORS if name in functions), None)
    if taken is None:
        yield Statement(
            f"The module exports neither {' nor '.join(ALLOCATORS)}, so a proxy cannot hand it any "
            "data. SDKs export one; in C, mark your allocator with export_name.",
            "exports",
        )
    elif functions[taken] != ALLOCATOR_TYPE:
        yield Statement(
            f"The allocator {taken} has the type {shown(functions[taken])}, but proxies call it as "
            f"{shown(ALLOCATOR_TYPE)} and look at no other. Export an allocator of that type.",
            f"export {taken}",
        )
