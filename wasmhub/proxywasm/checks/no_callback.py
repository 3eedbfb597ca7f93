"""Whether traffic reaches the module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.abi import HTTP_CALLBACKS, TCP_CALLBACKS
from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("proxywasm/no-callback", Severity.WARNING)
def no_callback(subject: Subject) -> Iterator[Statement]:
    """Warn of a module that a proxy never calls for traffic."""
    traffic = HTTP_CALLBACKS | TCP_CALLBACKS
    if subject.facts.abi is not None and traffic.isdisjoint(subject.exported):
        yield Statement(
            "The module exports no callback for requests, responses or connections, so no "
            "traffic reaches it. That is right for a background service; else export "
            "proxy_on_request_headers or another callback.",
            "exports",
        )
