"""Whether the module hears of a tick that it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

_ASKS: Final = frozenset({"proxy_set_tick_period_milliseconds"})
_HEARS: Final = frozenset({"proxy_on_tick"})


@check("proxywasm/tick-without-callback", Severity.WARNING)
def tick_without_callback(subject: Subject) -> Iterator[Statement]:
    """Warn of something asked for that nothing receives."""
    if not _ASKS.isdisjoint(subject.imported) and _HEARS.isdisjoint(subject.exported):
        yield Statement(
            "The module asks to be called at intervals and exports no proxy_on_tick, so nothing "
            "happens when the time comes. Export the callback, or remove the call.",
            "exports",
        )
