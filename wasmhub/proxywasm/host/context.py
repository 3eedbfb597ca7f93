"""Contexts: what host functions see of the plugin and of the stream that they are called for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wasmhub.proxywasm.host.buffers import Buffer
from wasmhub.proxywasm.host.results import BufferType, MapType, RefusedError, Result

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.callouts import Callout
    from wasmhub.proxywasm.host.headers import HeaderMap
    from wasmhub.proxywasm.host.stream import FilterHandle, StreamInfo
    from wasmhub.proxywasm.host.vm import Vm


@dataclass(frozen=True, slots=True)
class PluginConfig:
    """How a plugin is configured: its name, root id and configuration."""

    name: str
    root_id: str
    configuration: bytes


class Context:
    """
    A root context (``root`` is itself) or a context of one stream.

    The maps and buffers are there only while Envoy lends them to the filter: None at other times.
    """

    def __init__(self, vm: Vm, plugin: PluginConfig | None, root: Context | None = None) -> None:
        self.vm = vm
        self.id = vm.new_id() if plugin else 0
        self.plugin = plugin
        self.root = root or self
        self.created = False  # in the module
        self.configuring = False
        vm.contexts[self.id] = self
        # Of a stream:
        self.handle: FilterHandle | None = None
        self.info: StreamInfo | None = None
        self.maps: dict[MapType, HeaderMap] = {}
        self.bodies: dict[BufferType, Buffer] = {}
        self.buffering: set[BufferType] = set()
        self.end_of_stream = False
        self._looked_at = Buffer.nothing()
        self.logged: dict[MapType, HeaderMap] | None = None  # while the access log is written
        # Of a root context:
        self.callouts: dict[int, Callout] = {}
        self.answer: Callout | None = None
        self.status: tuple[int, bytes] = (0, b"")
        self.tick_period = 0
        self.timer = 0
        self.expressions: list[bytes | None] = []
        self.declared: set[bytes] = set()

    def call(self, name: str, *arguments: int) -> int | None:
        """Call a callback for this context and do what it put off; None when there is none."""
        if not self.vm.has(name):
            return None
        return self.vm.callback(self, name, self.id, *arguments)

    def create(self) -> None:
        """Tell the module of this context, once."""
        if not self.created:
            self.created = True
            self.call("proxy_on_context_create", self.root.id if self.root is not self else 0)

    def release_request(self) -> None:
        """Take the request back from the filter, as Envoy does when either direction goes on."""
        self.maps.pop(MapType.REQUEST_HEADERS, None)
        self.maps.pop(MapType.REQUEST_TRAILERS, None)
        self.bodies.pop(BufferType.REQUEST_BODY, None)

    def map(self, kind: MapType) -> HeaderMap:
        """Return headers that can be changed; trailers are made when the stream's end is seen."""
        found = self.maps.get(kind) if kind <= MapType.RESPONSE_TRAILERS else None
        if found is None and self.handle and self.end_of_stream:
            if kind == MapType.REQUEST_TRAILERS and BufferType.REQUEST_BODY in self.bodies:
                found = self.maps[kind] = self.handle.add_request_trailers()
            elif kind == MapType.RESPONSE_TRAILERS and BufferType.RESPONSE_BODY in self.bodies:
                found = self.maps[kind] = self.handle.add_response_trailers()
        if found is None:
            raise RefusedError(Result.BAD_ARGUMENT)
        return found

    def readable_map(self, kind: MapType) -> HeaderMap | None:
        """Return headers to read, or None when there are none at the moment."""
        if kind >= MapType.GRPC_INITIAL_METADATA:
            return self.root.answer.map(kind) if self.root.answer else None
        if self.logged is not None:
            return self.logged.get(kind)
        return self.maps.get(kind)

    def buffer(self, kind: BufferType) -> Buffer:
        """Return bytes to read, and perhaps to change."""
        if kind != BufferType.CALL_DATA:  # which is whatever was looked at last
            self._looked_at = self._find_buffer(kind)
        return self._looked_at

    def _find_buffer(self, kind: BufferType) -> Buffer:
        if kind in self.buffering and self.handle:
            return self.handle.buffered(kind)
        if kind <= BufferType.UPSTREAM_DATA:
            return self.bodies.get(kind) or Buffer.nothing()
        answer = self.root.answer
        if kind == BufferType.GRPC_MESSAGE:
            return Buffer.fixed(answer.message) if answer else Buffer.nothing()
        if kind == BufferType.VM_CONFIGURATION:
            return Buffer.fixed(self.vm.configuration)
        if kind == BufferType.PLUGIN_CONFIGURATION and self.configuring and self.plugin:
            return Buffer.fixed(self.plugin.configuration)
        if kind == BufferType.HTTP_CALL_BODY and answer:
            return Buffer.fixed(answer.body)
        raise RefusedError(Result.NOT_FOUND)
