"""Whether the module is of the size of a filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.limits import MEBIBYTE
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

LARGE_BYTES: Final = 10 * MEBIBYTE


@check("wasm/large", Severity.NOTE)
def large(subject: Subject) -> Iterator[Statement]:
    """Note a module that takes proxies long to load."""
    if subject.facts.size > LARGE_BYTES:
        yield Statement(
            f"The module has {subject.facts.size / MEBIBYTE:.0f} MiB. Every proxy downloads and "
            "compiles all of it before the first request. Build with optimisation for size, and "
            "strip it.",
        )
