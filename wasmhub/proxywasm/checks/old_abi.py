"""Whether the module speaks the first ABI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.abi import OLDEST_ABI
from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("proxywasm/old-abi", Severity.NOTE)
def old_abi(subject: Subject) -> Iterator[Statement]:
    """Note that an ABI is no longer developed."""
    if subject.facts.abi == OLDEST_ABI:
        yield Statement(
            "The module speaks ABI 0.1.0 of 2020. Proxies still load it, but what came later is "
            "missing: callbacks do not tell the end of a stream, and no stream can be continued or "
            "closed. Build it with an SDK of ABI 0.2.0 or 0.2.1.",
            "exports",
        )
