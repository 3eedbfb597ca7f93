"""Whether the module hears of the answer to a gRPC call that it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

_ASKS: Final = frozenset({"proxy_grpc_call", "proxy_grpc_stream"})
_HEARS: Final = frozenset({"proxy_on_grpc_receive", "proxy_on_grpc_close"})


@check("proxywasm/grpc-without-callback", Severity.WARNING)
def grpc_without_callback(subject: Subject) -> Iterator[Statement]:
    """Warn of something asked for that nothing receives."""
    if not _ASKS.isdisjoint(subject.imported) and _HEARS.isdisjoint(subject.exported):
        yield Statement(
            "The module calls gRPC services and exports neither proxy_on_grpc_receive nor "
            "proxy_on_grpc_close, so it never sees an answer. Export the callback, or remove the "
            "call.",
            "exports",
        )
