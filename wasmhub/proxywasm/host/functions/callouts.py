"""Calls to other services."""

# ruff: noqa: PLR0913, PLR0917 - the arguments are the ABI's own
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.host import grpc
from wasmhub.proxywasm.host.callouts import (
    GRPC_CALL,
    GRPC_STREAM,
    KIND_MASK,
    Call,
    Callout,
    send_http,
)
from wasmhub.proxywasm.host.envoy_headers import JOINED_IN_REQUESTS
from wasmhub.proxywasm.host.headers import HeaderMap, from_bytes
from wasmhub.proxywasm.host.results import RefusedError, Result

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.context import Context
    from wasmhub.proxywasm.host.results import HostFunction

_I32_MAX: Final = 0x7FFF_FFFF


def _http_call(
    context: Context,
    cluster_at: int,
    cluster_size: int,
    headers_at: int,
    headers_size: int,
    body_at: int,
    body_size: int,
    trailers_at: int,
    trailers_size: int,
    milliseconds: int,
    token: int,
) -> None:
    memory, root = context.vm.memory, context.root
    cluster = memory.read(cluster_at, cluster_size).decode(errors="replace")
    body = memory.read(body_at, body_size)
    headers = HeaderMap(from_bytes(memory.read(headers_at, headers_size)), JOINED_IN_REQUESTS)
    trailers = HeaderMap(from_bytes(memory.read(trailers_at, trailers_size)))
    memory.write_u32(token, 0)
    if milliseconds > _I32_MAX or cluster not in context.vm.world.script.clusters:
        raise RefusedError(Result.BAD_ARGUMENT)
    if any(headers.get(name) is None for name in (b":path", b":method", b":authority")):
        raise RefusedError(Result.BAD_ARGUMENT)
    number = send_http(root, Call("http", cluster, headers, body, milliseconds), trailers)
    memory.write_u32(token, number)


def _grpc_call(
    context: Context,
    service_at: int,
    service_size: int,
    name_at: int,
    name_size: int,
    method_at: int,
    method_size: int,
    metadata_at: int,
    metadata_size: int,
    message_at: int,
    message_size: int,
    milliseconds: int,
    token: int,
) -> None:
    memory = context.vm.memory
    asked = _grpc(
        context,
        (service_at, service_size),
        (name_at, name_size),
        (method_at, method_size),
        (metadata_at, metadata_size),
    )
    asked.body = memory.read(message_at, message_size)
    asked.milliseconds = milliseconds
    memory.write_u32(token, grpc.call(context.root, asked, asked.headers.text(":path")))


def _grpc_stream(
    context: Context,
    service_at: int,
    service_size: int,
    name_at: int,
    name_size: int,
    method_at: int,
    method_size: int,
    metadata_at: int,
    metadata_size: int,
    token: int,
) -> None:
    asked = _grpc(
        context,
        (service_at, service_size),
        (name_at, name_size),
        (method_at, method_size),
        (metadata_at, metadata_size),
    )
    context.vm.memory.write_u32(token, grpc.open_stream(context.root, asked))


def _grpc(context: Context, *places: tuple[int, int]) -> Call:
    """Read service, its name, the method and the metadata; raise when the service is unknown."""
    service, name, method, metadata = (context.vm.memory.read(*place) for place in places)
    cluster = grpc.cluster_of(service, context.vm.world.script.clusters)
    headers = HeaderMap(
        [
            (b":method", b"POST"),
            (b":path", b"/" + name + b"/" + method),
            (b":authority", cluster.encode()),
            (b":scheme", b"http"),
            (b"te", b"trailers"),
            (b"content-type", b"application/grpc"),
            *from_bytes(metadata),
        ],
        JOINED_IN_REQUESTS,
    )
    return Call("grpc", cluster, headers)


def _callout(context: Context, token: int) -> Callout:
    if token & KIND_MASK not in (GRPC_CALL, GRPC_STREAM):
        raise RefusedError(Result.BAD_ARGUMENT)
    callout = context.root.callouts.get(token)
    if callout is None:
        raise RefusedError(Result.NOT_FOUND)
    return callout


def _grpc_send(context: Context, token: int, pointer: int, size: int, end: int) -> None:
    message = context.vm.memory.read(pointer, size)
    if token & KIND_MASK != GRPC_STREAM:
        raise RefusedError(Result.BAD_ARGUMENT)
    grpc.send(_callout(context, token), message, end=bool(end))


def _grpc_close(context: Context, token: int) -> None:
    callout = _callout(context, token)
    if token & KIND_MASK == GRPC_CALL or callout.closed_there:
        context.root.callouts.pop(token)
    callout.closed_here = True


def _grpc_cancel(context: Context, token: int) -> None:
    _callout(context, token)
    context.root.callouts.pop(token)


FUNCTIONS: Final[dict[str, HostFunction]] = {
    "proxy_http_call": _http_call,
    "proxy_grpc_call": _grpc_call,
    "proxy_grpc_stream": _grpc_stream,
    "proxy_grpc_send": _grpc_send,
    "proxy_grpc_close": _grpc_close,
    "proxy_grpc_cancel": _grpc_cancel,
}
