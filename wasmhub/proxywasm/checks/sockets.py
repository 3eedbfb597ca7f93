"""Whether the module wants to talk to the network itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

_LISTED: Final = 4


@check("wasm/sockets", Severity.NOTE)
def sockets(subject: Subject) -> Iterator[Statement]:
    """Note functions for sockets, which always fail in a proxy."""
    wanted = sorted(name for name in subject.imported if name.startswith("sock_"))
    if wanted:
        yield Statement(
            f"The module imports {', '.join(wanted[:_LISTED])}, and a proxy opens no sockets for "
            "it: each call fails. Send requests with proxy_http_call; in Go, leave out the "
            "package net.",
            "imports",
        )
