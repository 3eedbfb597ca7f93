"""Between HTTP/1.1 and the filters: the headers that filters see, and those that leave."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from wasmhub.proxywasm.host.envoy_headers import (
    BODILESS,
    JOINED_IN_REQUESTS,
    JOINED_IN_RESPONSES,
    REMOVED_FROM_REQUESTS,
    WITHOUT_BODIES,
)
from wasmhub.proxywasm.host.headers import HeaderMap
from wasmhub.proxywasm.host.trial import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wasmhub.proxywasm.host.outcome import Received
    from wasmhub.proxywasm.host.trial import Request


def request_headers(request: Request) -> HeaderMap:
    """Return a request's headers as the first filter sees them."""
    forwarded = dict(request.headers).get(b"x-forwarded-proto", b"http")
    scheme = forwarded.lower() if forwarded.lower() == b"https" else b"http"
    headers = HeaderMap(
        [
            (b":authority", request.authority),
            (b":path", request.path.encode()),
            (b":method", request.method.encode()),
            (b":scheme", scheme),
            *request.headers,
        ],
        JOINED_IN_REQUESTS,
    )
    for name in (headers.get(b"connection") or b"").split(b","):
        headers.remove(name.strip(b" \t"))
    for name in REMOVED_FROM_REQUESTS:
        headers.remove(name)
    if b"trailers" not in (headers.get(b"te") or b"trailers"):
        headers.remove(b"te")
    elif headers.get(b"te") is not None:
        headers.put(b"te", b"trailers")
    if request.content and not request.chunked:
        headers.add(b"content-length", str(len(request.content)).encode())
    if headers.get(b"x-forwarded-proto") is None:
        headers.add(b"x-forwarded-proto", b"http")
    return headers


def response_headers(answer: Response) -> HeaderMap:
    """Return the headers of a server's answer as the proxy reads them."""
    headers = HeaderMap([(b":status", str(answer.status).encode())], JOINED_IN_RESPONSES)
    for name, value in answer.headers:
        headers.add(name, value)
    if answer.chunked:
        headers.add(b"transfer-encoding", b"chunked")
    elif answer.status not in BODILESS:
        headers.add(b"content-length", str(len(answer.content)).encode())
    return headers


def echo(received: Received) -> Response:
    """Return the answer of an upstream that tells what it received."""
    pseudo = {name: value.decode(errors="replace") for name, value in received.headers}
    headers = [["host", pseudo.get(b":authority", "")]] + [
        [name.decode(errors="replace"), value.decode(errors="replace")]
        for name, value in received.headers
        if not name.startswith(b":") and name != b"transfer-encoding"
    ]
    document = {
        "method": pseudo.get(b":method", ""),
        "path": pseudo.get(b":path", ""),
        "headers": headers,
        "body": received.body.decode(errors="replace"),
    }
    return Response(
        headers=((b"content-type", b"application/json"),), body=json.dumps(document).encode()
    )


def says_length_zero(headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether a request without a body says so when it leaves."""
    return headers.get(b":method") not in WITHOUT_BODIES and b"content-length" not in headers
