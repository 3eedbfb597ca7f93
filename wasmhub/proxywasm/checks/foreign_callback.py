"""Whether the proxy calls the callback for foreign functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.abi import FOREIGN_CALLBACK, OLDEST_ABI
from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("proxywasm/foreign-callback", Severity.WARNING)
def foreign_callback(subject: Subject) -> Iterator[Statement]:
    """Warn of a callback that came with a later ABI."""
    if subject.facts.abi == OLDEST_ABI and FOREIGN_CALLBACK in subject.exported:
        yield Statement(
            f"The module exports {FOREIGN_CALLBACK}, which proxies look up since ABI 0.2.0 only, "
            "and speaks ABI 0.1.0: it is never called. Export the marker of ABI 0.2.1.",
            f"export {FOREIGN_CALLBACK}",
        )
