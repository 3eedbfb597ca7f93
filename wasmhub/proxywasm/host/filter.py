"""A Wasm filter on one request: what Envoy's filter does between the stream and the module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wasmhub.proxywasm.host.context import Context
from wasmhub.proxywasm.host.halves import Status
from wasmhub.proxywasm.host.results import BufferType, MapType, StreamType
from wasmhub.proxywasm.host.vm import STOPPED

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.buffers import Buffer
    from wasmhub.proxywasm.host.headers import HeaderMap, Pairs
    from wasmhub.proxywasm.host.stream import HttpStream

_STOP_AND_WATERMARK = 2
_RESULTS = {
    "headers": {0: Status.CONTINUE, 2: Status.CONTINUE},
    "body": {0: Status.CONTINUE, 1: Status.STOP_AND_BUFFER, 2: Status.STOP_AND_BUFFER},
    "trailers": {0: Status.CONTINUE},
}
_ELSE = {"headers": Status.STOP_ALL, "body": Status.STOP, "trailers": Status.STOP}
_WHITESPACE = re.compile(r"\s")
_FAILED = 503
_GRPC_UNAVAILABLE = 14


class HttpFilter:
    """One filter of a stream; ``request`` and ``response`` are its two directions."""

    def __init__(self, stream: HttpStream, root: Context) -> None:
        self.stream = stream
        self.context = Context(root.vm, root.plugin, root)
        self.context.handle = self
        self.context.info = stream.info
        self.request = _Direction(self, "request", MapType.REQUEST_HEADERS)
        self.response = _Direction(self, "response", MapType.RESPONSE_HEADERS)
        self.failed = False
        self.failure_replied = False
        self.destroyed = False

    def write_log(self, maps: dict[MapType, HeaderMap]) -> None:
        """Let the module log; a filter that never saw the stream learns of it now."""
        context = self.context
        context.create()
        context.logged = maps
        context.call("proxy_on_log")
        context.logged = None

    def destroy(self) -> None:
        """Take the stream's context from the module."""
        context = self.context
        if context.created and not self.destroyed:
            self.destroyed = True
            context.call("proxy_on_done")
            context.call("proxy_on_delete")

    def has_failed(self) -> bool:
        """Tell whether the machine has failed; the first time, that is answered with 503."""
        if not self.context.vm.failure:
            return False
        if not self.failed:
            self.failed = self.failure_replied = True
            self.stream.local_reply(_FAILED, [], b"", _GRPC_UNAVAILABLE, "wasm_fail_stream")
        return True

    # What host functions ask of the stream.

    def resume(self, stream: StreamType) -> None:
        """Go on in one direction."""
        if stream == StreamType.REQUEST:
            self.stream.resume(self.request)
        elif stream == StreamType.RESPONSE:
            self.stream.resume(self.response)

    def close(self, stream: StreamType) -> None:
        """Reset the stream."""
        if stream in (StreamType.REQUEST, StreamType.RESPONSE):
            self.stream.reset("The filter closed the stream.")

    def reply(
        self, status: int, headers: Pairs, body: bytes, grpc: int | None, details: str
    ) -> None:
        """Answer instead of the upstream."""
        self.stream.local_reply(status, headers, body, grpc, _WHITESPACE.sub("_", details))

    def buffered(self, kind: BufferType) -> Buffer:
        """Return the bytes that wait."""
        return self.stream.buffered(kind)

    def add_request_trailers(self) -> HeaderMap:
        """Add trailers to a request that has none."""
        return self.stream.add_trailers(self.request)

    def add_response_trailers(self) -> HeaderMap:
        """Add trailers to a response that has none."""
        return self.stream.add_trailers(self.response)


class _Direction:
    """A filter in one direction."""

    def __init__(self, owner: HttpFilter, side: str, headers: MapType) -> None:
        self.owner = owner
        self._side = side
        self._headers = headers
        self._trailers = MapType(headers + 1)
        self._watermark = False
        self._body = BufferType.REQUEST_BODY if side == "request" else BufferType.RESPONSE_BODY

    def headers(self, headers: HeaderMap, *, end: bool) -> Status:
        """Give the headers to the module."""
        owner, context = self.owner, self.owner.context
        if self._side == "request":
            context.create()
        elif self._left_out:
            return Status.CONTINUE
        context.maps[self._headers] = headers
        context.end_of_stream = end
        arguments = (len(headers),) if context.vm.abi == "0.1.0" else (len(headers), int(end))
        status = self._call("headers", arguments, Status.STOP_ALL)
        if status == Status.CONTINUE:
            context.maps.pop(self._headers, None)
        if owner.destroyed:
            return Status.STOP_ALL
        return status

    def data(self, data: Buffer, *, end: bool) -> Status:
        """Give a piece of the body, or all that waits and the piece, to the module."""
        owner, context, kind = self.owner, self.owner.context, self._body
        if self._left_out:
            return Status.CONTINUE
        if kind in context.buffering:
            owner.stream.half_of(self).keep(data)
            owner.stream.kept(owner.stream.half_of(self))
            if owner.destroyed:
                return Status.STOP_AND_BUFFER
        context.bodies[kind] = data
        context.end_of_stream = end
        size = len(context.buffer(kind))
        status = self._call("body", (size, int(end)), Status.STOP)
        context.buffering.discard(kind)
        if status == Status.CONTINUE:
            context.bodies.pop(kind, None)
        elif status == Status.STOP_AND_BUFFER and not self._watermark:
            context.buffering.add(kind)
        return status

    def trailers(self, trailers: HeaderMap) -> Status:
        """Give the trailers to the module."""
        context = self.owner.context
        if self._left_out:
            return Status.CONTINUE
        context.maps[self._trailers] = trailers
        status = self._call("trailers", (len(trailers),), Status.STOP)
        if status == Status.CONTINUE:
            context.maps.pop(self._trailers, None)
        return status

    @property
    def _left_out(self) -> bool:
        """Tell whether the module does not know of the stream, or no more."""
        owner = self.owner
        return not owner.context.created or (self._side == "response" and owner.failure_replied)

    def _call(self, what: str, arguments: tuple[int, ...], stopped: Status) -> Status:
        """Call the module; ``stopped`` is how it goes on when there is an answer already."""
        owner, context = self.owner, self.owner.context
        self._watermark = False
        if owner.has_failed():
            return stopped
        result = context.call(f"proxy_on_{self._side}_{what}", *arguments)
        if owner.has_failed() or result == STOPPED:
            return stopped
        if result is None:
            return Status.CONTINUE
        self._watermark = result == _STOP_AND_WATERMARK
        return _RESULTS[what].get(result, _ELSE[what])
