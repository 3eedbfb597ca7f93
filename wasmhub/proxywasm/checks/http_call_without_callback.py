"""Whether the module hears of the answer to an HTTP call that it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

_ASKS: Final = frozenset({"proxy_http_call"})
_HEARS: Final = frozenset({"proxy_on_http_call_response"})


@check("proxywasm/http-call-without-callback", Severity.WARNING)
def http_call_without_callback(subject: Subject) -> Iterator[Statement]:
    """Warn of something asked for that nothing receives."""
    if not _ASKS.isdisjoint(subject.imported) and _HEARS.isdisjoint(subject.exported):
        yield Statement(
            "The module sends HTTP requests of its own and exports no "
            "proxy_on_http_call_response, so it never sees an answer. Export the callback, or "
            "remove the call.",
            "exports",
        )
