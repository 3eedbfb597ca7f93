"""Responses that the proxy makes itself, in the form that Envoy gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.host.envoy_headers import JOINED_IN_RESPONSES
from wasmhub.proxywasm.host.headers import HeaderMap

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.headers import Pairs

# What a gRPC client is told instead of a status of HTTP (http-grpc-status-mapping.md).
_GRPC_STATUS: Final = {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14}
_UNKNOWN: Final = 2
_PLAIN: Final = b"!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~ "


def local_response(
    request: HeaderMap, status: int, headers: Pairs, body: bytes, grpc: int | None
) -> tuple[HeaderMap, bytes]:
    """Return headers and body of a local response to a request."""
    answer = HeaderMap([(b":status", str(status).encode())], JOINED_IN_RESPONSES)
    for name, value in headers:
        answer.add(name, value)
    answer.put(b":status", str(status).encode())
    if _is_grpc(request):
        answer.put(b":status", b"200")
        answer.put(b"content-type", b"application/grpc")
        code = grpc_status_of(status) if grpc is None else grpc
        answer.put(b"grpc-status", str(code).encode())
        if body:
            answer.put(b"grpc-message", _percent_encoded(body))
        return answer, b""
    if body:
        answer.put(b"content-length", str(len(body)).encode())
        if answer.get(b"content-type") is None:
            answer.put(b"content-type", b"text/plain")
    else:
        answer.remove(b"content-length")
        answer.remove(b"content-type")
    return answer, b"" if request.get(b":method") == b"HEAD" else body


def grpc_status_of(status: int) -> int:
    """Return the status of gRPC that Envoy makes of one of HTTP."""
    return _GRPC_STATUS.get(status, _UNKNOWN)


def _is_grpc(request: HeaderMap) -> bool:
    kind = request.get(b"content-type") or b""
    return kind == b"application/grpc" or kind.startswith(b"application/grpc+")


def _percent_encoded(text: bytes) -> bytes:
    return b"".join(
        bytes([each]) if bytes([each]).isalnum() or each in _PLAIN else b"%%%02X" % each
        for each in text
    )
