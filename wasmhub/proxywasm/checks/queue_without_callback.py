"""Whether the module hears of a message in its queue that it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

_ASKS: Final = frozenset({"proxy_register_shared_queue"})
_HEARS: Final = frozenset({"proxy_on_queue_ready"})


@check("proxywasm/queue-without-callback", Severity.WARNING)
def queue_without_callback(subject: Subject) -> Iterator[Statement]:
    """Warn of something asked for that nothing receives."""
    if not _ASKS.isdisjoint(subject.imported) and _HEARS.isdisjoint(subject.exported):
        yield Statement(
            "The module opens a queue and exports no proxy_on_queue_ready, so it is not told of "
            "messages. Export the callback, or remove the call.",
            "exports",
        )
