"""One TCP connection through a network filter, with the upstream that it is connected to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.host.buffers import Buffer
from wasmhub.proxywasm.host.context import Context
from wasmhub.proxywasm.host.outcome import Received
from wasmhub.proxywasm.host.results import BufferType, StreamType
from wasmhub.proxywasm.host.stream import StreamInfo
from wasmhub.proxywasm.host.vm import STOPPED

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.headers import HeaderMap, Pairs
    from wasmhub.proxywasm.host.trial import Connection
    from wasmhub.proxywasm.host.world import World

_UNKNOWN, _LOCAL = 0, 1  # who closed a connection; 2 is the other end
_CONTINUE: Final = 0


class TcpStream:
    """
    The client sends its pieces and closes its half, then the upstream does the same.

    Bytes that the filter stops stay, and come again with the next piece.
    """

    def __init__(self, world: World, root: Context) -> None:
        clock = world.clock
        self.context = Context(root.vm, root.plugin, root)
        self.info = StreamInfo(start=clock.now(), started=clock.monotonic(), protocol="")
        self.context.info = self.info
        self.context.handle = self
        self.upstream, self.client = Received(), Received()
        self.closed = False
        self.why_closed = ""
        self._world = world
        self._waiting, self._returning = Buffer(), Buffer()
        self._connected = False
        self._ended = False  # the client's half
        self._passed_end = False

    def run(self, connection: Connection) -> bool:
        """Let all bytes pass; False when the filter kept the client's bytes for good."""
        self.context.create()
        self._connected = self._call("proxy_on_new_connection") == _CONTINUE
        for chunk in (*connection.downstream, b""):
            self._world.agenda.run_soon()
            if self.closed:
                return True
            self.info.request_size += len(chunk)
            self._waiting.data += chunk
            self._ended = not chunk
            self._offer()
        while not self.closed and (self._waiting.data or not self._passed_end):
            if not self._world.agenda.run_next():
                break
        if not self._passed_end:
            return False
        for chunk in (*connection.upstream, b""):
            self._world.agenda.run_soon()
            if not self.closed:
                self._receive(chunk, end=not chunk)
        self.close_all()
        return True

    def close_all(self) -> None:
        """Tell the module that the connection is over."""
        if self.closed:
            return
        self.closed = True
        context = self.context
        self._call("proxy_on_downstream_connection_close", _LOCAL)
        context.call("proxy_on_done")
        context.call("proxy_on_log")
        context.call("proxy_on_delete")

    def _offer(self) -> None:
        """Give the module what waits; it goes on when the module lets it."""
        if not self._connected:
            return
        self.context.bodies[BufferType.DOWNSTREAM_DATA] = self._waiting
        size = len(self._waiting)
        if self._call("proxy_on_downstream_data", size, int(self._ended)) == _CONTINUE:
            self._pass_on()

    def _pass_on(self) -> None:
        self.context.bodies.pop(BufferType.DOWNSTREAM_DATA, None)
        self.upstream.body += bytes(self._waiting.data)
        self._waiting.data.clear()
        self._passed_end = self._ended

    def _receive(self, chunk: bytes, *, end: bool) -> None:
        data = self._returning
        data.data += chunk
        self.context.bodies[BufferType.UPSTREAM_DATA] = data
        if self._call("proxy_on_upstream_data", len(data), int(end)) == _CONTINUE:
            self.context.bodies.pop(BufferType.UPSTREAM_DATA, None)
            if not self.closed:
                self.client.body += bytes(data.data)
            data.data.clear()
        if end:
            self._call("proxy_on_upstream_connection_close", _UNKNOWN)

    def _call(self, name: str, *arguments: int) -> int:
        result = self.context.call(name, *arguments)
        if self.context.vm.failure and not self.closed:
            self.close_all()
            return 1
        # A local response means nothing here.
        return 0 if result in (None, STOPPED) else result

    # What host functions ask.

    def resume(self, stream: StreamType) -> None:
        """Let the client's bytes go on, whatever the filter said."""
        if stream == StreamType.DOWNSTREAM and not self.closed:
            if not self._connected:
                self._connected = True
                self._offer()
            else:
                self._pass_on()

    def close(self, stream: StreamType) -> None:
        """Close the connection."""
        if stream in (StreamType.DOWNSTREAM, StreamType.UPSTREAM):
            self.why_closed = "The filter closed the connection."
            self.close_all()

    def reply(
        self, status: int, headers: Pairs, body: bytes, grpc: int | None, details: str
    ) -> None:
        """Do nothing: there is no request to answer."""

    def buffered(self, _kind: BufferType) -> Buffer:
        """Return nothing: a connection has no bodies."""
        return Buffer.nothing()

    def add_request_trailers(self) -> HeaderMap:
        """Never called: there is no body that ends."""
        raise NotImplementedError

    def add_response_trailers(self) -> HeaderMap:
        """Never called: there is no body that ends."""
        raise NotImplementedError
