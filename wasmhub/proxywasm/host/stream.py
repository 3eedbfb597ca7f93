"""One HTTP request and its response through a chain of filters, as Envoy's manager drives them."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Final, Protocol

from wasmhub.proxywasm.host.buffers import Buffer
from wasmhub.proxywasm.host.envoy_headers import (
    BODILESS,
    JOINED_IN_RESPONSE_TRAILERS,
    REMOVED_FROM_RESPONSES,
)
from wasmhub.proxywasm.host.filter import HttpFilter
from wasmhub.proxywasm.host.halves import Half, Status
from wasmhub.proxywasm.host.headers import HeaderMap
from wasmhub.proxywasm.host.local import local_response
from wasmhub.proxywasm.host.outcome import Received
from wasmhub.proxywasm.host.results import BufferType, MapType, StreamType
from wasmhub.proxywasm.host.traps import ProxyCrashError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmhub.proxywasm.host.context import Context
    from wasmhub.proxywasm.host.filter import _Direction
    from wasmhub.proxywasm.host.headers import Pairs
    from wasmhub.proxywasm.host.world import World

BUFFERED_MAX: Final = 1024 * 1024  # per_connection_buffer_limit_bytes, unless configured


class FilterHandle(Protocol):
    """What host functions may ask of the stream, through the filter that they are called for."""

    def resume(self, stream: StreamType) -> None: ...
    def close(self, stream: StreamType) -> None: ...
    def reply(
        self, status: int, headers: Pairs, body: bytes, grpc: int | None, details: str
    ) -> None: ...
    def buffered(self, kind: BufferType) -> Buffer: ...
    def add_request_trailers(self) -> HeaderMap: ...
    def add_response_trailers(self) -> HeaderMap: ...


@dataclass
class StreamInfo:
    """What is known of a stream, for properties."""

    start: int
    started: int
    protocol: str = "HTTP/1.1"
    ended: int | None = None
    request_size: int = 0
    response_size: int = 0
    status: int = 0
    flags: int = 0
    details: str = ""
    routed: bool = False
    answered: int | None = None  # when the upstream's response began
    state: dict[bytes, bytes] = field(default_factory=dict)


class _Router:
    """Behind the last filter of the request: keeps what the upstream gets."""

    def __init__(self, stream: HttpStream) -> None:
        self._stream = stream
        self.received = Received()
        self.complete = False
        self.bodiless = False  # said with the headers
        self.seen: HeaderMap | None = None

    def headers(self, headers: HeaderMap, *, end: bool) -> Status:
        self.seen = headers
        if not headers.get(b":path") or not headers.get(b"x-forwarded-proto"):
            self._stream.local_reply(404, [], b"", None, "route_not_found")
            return Status.STOP
        if headers.get(b":method") is None:
            self._stream.local_reply(503, [], _missing(b":method"), None, "missing_method")
            return Status.STOP
        if headers.get(b":scheme") is None:
            headers.add(b":scheme", b"http")
        self._stream.info.routed = True
        self.received.headers = list(headers)
        self.complete = self.bodiless = end
        return Status.STOP

    def data(self, data: Buffer, *, end: bool) -> Status:
        self.received.body += bytes(data.data)
        data.data.clear()
        self.complete = end
        return Status.STOP

    def trailers(self, trailers: HeaderMap) -> Status:
        self.received.trailers = list(trailers)
        self.complete = True
        return Status.STOP


class _Client:
    """Behind the last filter of the response: keeps what the client gets."""

    def __init__(self, stream: HttpStream) -> None:
        self._stream = stream
        self.received = Received()
        self.started = False

    def headers(self, headers: HeaderMap, *, end: bool) -> Status:
        if not headers.text(":status").isdigit():
            self._stream.local_reply(502, [], _missing(b":status"), None, "missing_status")
            return Status.STOP
        self.started = True
        for name in REMOVED_FROM_RESPONSES:
            headers.remove(name)
        self._stream.info.status = self.received.status = int(headers.text(":status"))
        self.received.headers = [pair for pair in headers if pair[0] != b":status"]
        if end and self._says_length_zero(headers):
            self.received.headers.append((b"content-length", b"0"))
        if headers.get(b"date") is None:  # seen in the access log only
            headers.add(b"date", formatdate(usegmt=True).encode())
        return self._end(end=end)

    def data(self, data: Buffer, *, end: bool) -> Status:
        if self.received.status not in BODILESS:
            self.received.body += bytes(data.data)
            self._stream.info.response_size += len(data)
        data.data.clear()
        return self._end(end=end)

    def trailers(self, trailers: HeaderMap) -> Status:
        self.received.trailers = list(trailers)
        return self._end(end=True)

    def _says_length_zero(self, headers: HeaderMap) -> bool:
        request = self._stream.request.current_headers
        head = request is not None and request.get(b":method") == b"HEAD"
        said = head or self.received.status in BODILESS
        return not said and headers.get(b"content-length") is None

    def _end(self, *, end: bool) -> Status:
        if end:
            self._stream.finish()
        return Status.STOP


class HttpStream:
    """The request goes through the filters in order, the response in the reverse order."""

    def __init__(self, world: World, roots: list[Context]) -> None:
        clock = world.clock
        self.info = StreamInfo(start=clock.now(), started=clock.monotonic())
        self._world = world
        self.filters = [HttpFilter(self, each) for each in roots]
        self.router, self.client = _Router(self), _Client(self)
        self.request = Half([each.request for each in self.filters], self.router, self)
        backwards = [each.response for each in reversed(self.filters)]
        self.response = Half(backwards, self.client, self)
        self.replied = False
        self.finished = False
        self.why_reset = ""
        self._logging = False
        self._running: list[Half] = []
        self._aborted: set[int] = set()
        self._prepared: Callable[[], None] | None = None

    # What a half asks.

    def over(self, half: Half) -> bool:
        """Tell whether nothing may go on in this direction."""
        return self.finished or id(half) in self._aborted

    def send_prepared(self) -> None:
        """Send the response that a filter prepared while it was called."""
        if self._prepared:
            prepared, self._prepared = self._prepared, None
            prepared()

    def inside(self, half: Half) -> _Inside:
        """Remember that a filter is called."""
        return _Inside(self._running, half)

    def kept(self, half: Half) -> None:
        """Answer 413 when too much of a request waits, 500 when too much of a response does."""
        if half.buffered is None or len(half.buffered) <= BUFFERED_MAX or self.finished:
            return
        if half is self.request:
            self.local_reply(413, [], b"Payload Too Large", None, "request_payload_too_large")
        else:
            self.local_reply(500, [], b"Internal Server Error", None, "response_payload_too_large")

    # What a filter asks.

    def half_of(self, direction: _Direction) -> Half:
        """Return the half that a filter's direction belongs to."""
        return self.request if direction is direction.owner.request else self.response

    def resume(self, direction: _Direction) -> None:
        """Go on behind a filter."""
        half = self.half_of(direction)
        if half is self.response and half.current_headers is None:
            raise ProxyCrashError("The filter continued a response that had not begun.")
        slot = next(each for each in half.slots if each.steps is direction)
        half.resume(slot)

    def buffered(self, kind: BufferType) -> Buffer:
        """Return the bytes that wait in one direction."""
        half = self.request if kind == BufferType.REQUEST_BODY else self.response
        return half.buffered or Buffer.nothing()

    def add_trailers(self, direction: _Direction) -> HeaderMap:
        """Return new trailers for one direction."""
        half = self.half_of(direction)
        if half.current_trailers is None:
            joined = JOINED_IN_RESPONSE_TRAILERS if half is self.response else frozenset()
            half.current_trailers = HeaderMap(joined=joined)
        return half.current_trailers

    def local_reply(
        self, status: int, headers: Pairs, body: bytes, grpc: int | None, details: str
    ) -> None:
        """Answer the client: through the filters, or past them when a response was on its way."""
        if self._logging:
            raise ProxyCrashError("The filter answered in proxy_on_log.")
        if self.finished:
            return
        inside = self._running[-1] if self._running else None
        if inside:
            self._aborted.add(id(inside))
        self.info.details = details
        if self.response.current_headers is not None:
            if self.client.started:
                self.reset("The filter answered when the response had begun already.")
            else:
                self._reply_past_filters(status, headers, body, grpc)
            return
        self.replied = True
        request = self.request.current_headers or HeaderMap()

        def send() -> None:
            response = local_response(request, status, headers, body, grpc)
            self._send(response)

        if inside is self.request:
            self._prepared = self._prepared or send
        else:
            send()

    def reset(self, why: str) -> None:
        """End the stream without an answer, or in the middle of one."""
        if not self.finished:
            self.why_reset = why
            self.finish()

    def finish(self) -> None:
        """Write the access log of every filter, then take the stream from all modules."""
        if self.finished:
            return
        self.finished = True
        self.info.ended = self._world.clock.monotonic()
        maps = {
            MapType.REQUEST_HEADERS: self.request.current_headers,
            MapType.RESPONSE_HEADERS: self.response.current_headers,
            MapType.RESPONSE_TRAILERS: self.response.current_trailers,
        }
        known = {kind: headers for kind, headers in maps.items() if headers is not None}
        self._logging = True
        for each in self.filters:
            each.write_log(known)
        self._logging = False
        for each in self.filters:
            each.destroy()

    def _send(self, response: tuple[HeaderMap, bytes]) -> None:
        headers, body = response
        self.response.start(headers, end=not body)
        if body:
            self.response.feed(body, end=True)

    def _reply_past_filters(
        self, status: int, headers: Pairs, body: bytes, grpc: int | None
    ) -> None:
        self._aborted.add(id(self.response))
        self.replied = True
        request = self.request.current_headers or HeaderMap()
        answer, content = local_response(request, status, headers, body, grpc)
        self.response.current_headers = answer
        self.client.headers(answer, end=not content)
        if content:
            self.client.data(Buffer(content), end=True)


class _Inside:
    """Held while a filter is called."""

    def __init__(self, running: list[Half], half: Half) -> None:
        self._running = running
        self._half = half

    def __enter__(self) -> None:
        self._running.append(self._half)

    def __exit__(self, *_error: object) -> None:
        self._running.pop()


def _missing(name: bytes) -> bytes:
    return b"missing required header: " + name
