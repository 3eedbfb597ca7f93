"""Go on with a stream, end it, or answer it."""

# ruff: noqa: PLR0913, PLR0917 - the arguments are the ABI's own
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.host.headers import from_bytes
from wasmhub.proxywasm.host.results import RefusedError, Result, StreamType

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.context import Context
    from wasmhub.proxywasm.host.results import HostFunction

_GRPC_STATUS_MAX: Final = 16


def _continue_stream(context: Context, number: int) -> None:
    stream = _stream_type(number)
    if stream == StreamType.UPSTREAM:
        raise RefusedError(Result.UNIMPLEMENTED)
    handle = context.handle
    if handle:
        context.vm.after_call.append(lambda: handle.resume(stream))
    if stream != StreamType.DOWNSTREAM:
        context.release_request()


def _close_stream(context: Context, number: int) -> None:
    stream, handle = _stream_type(number), context.handle
    if handle:
        context.vm.after_call.append(lambda: handle.close(stream))


def _stream_type(number: int) -> StreamType:
    if number > max(StreamType):
        raise RefusedError(Result.BAD_ARGUMENT)
    return StreamType(number)


def _continue_request(context: Context) -> None:
    _continue_stream(context, StreamType.REQUEST)


def _continue_response(context: Context) -> None:
    _continue_stream(context, StreamType.RESPONSE)


def _clear_route_cache(_context: Context) -> None:
    """Do nothing: there is one route, and it matches everything."""


def _send_local_response(
    context: Context,
    status: int,
    details_at: int,
    details_size: int,
    body_at: int,
    body_size: int,
    headers_at: int,
    headers_size: int,
    grpc_status: int,
) -> None:
    memory = context.vm.memory
    details = memory.read(details_at, details_size)
    body = memory.read(body_at, body_size)
    headers = from_bytes(memory.read(headers_at, headers_size))
    context.vm.world.meter.keep(len(details) + body_size + headers_size)
    handle = context.handle
    grpc = grpc_status if grpc_status <= _GRPC_STATUS_MAX else None
    if handle:
        context.vm.after_call.append(
            lambda: handle.reply(status, headers, body, grpc, details.decode(errors="replace"))
        )
    context.vm.stop_next = True


FUNCTIONS: Final[dict[str, HostFunction]] = {
    "proxy_continue_stream": _continue_stream,
    "proxy_close_stream": _close_stream,
    "proxy_continue_request": _continue_request,
    "proxy_continue_response": _continue_response,
    "proxy_clear_route_cache": _clear_route_cache,
    "proxy_send_local_response": _send_local_response,
}
