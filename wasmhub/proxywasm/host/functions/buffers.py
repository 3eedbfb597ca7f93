"""Bodies, data, messages and configurations."""

# ruff: noqa: PLR0913, PLR0917 - the arguments are the ABI's own
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.host.results import BufferType, RefusedError, Result

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.buffers import Buffer
    from wasmhub.proxywasm.host.context import Context
    from wasmhub.proxywasm.host.results import HostFunction


def _buffer(context: Context, number: int) -> Buffer:
    if number > max(BufferType):
        raise RefusedError(Result.BAD_ARGUMENT)
    return context.buffer(BufferType(number))


def _get(context: Context, number: int, start: int, length: int, pointer: int, size: int) -> None:
    buffer = _buffer(context, number)
    context.vm.give(bytes(buffer.data[start : start + length]), pointer, size)


def _get_status(context: Context, number: int, length: int, flags: int) -> None:
    buffer = _buffer(context, number)
    context.vm.memory.write_u32(length, len(buffer))
    context.vm.memory.write_u32(flags, 0)


def _set(context: Context, number: int, start: int, length: int, pointer: int, size: int) -> None:
    buffer = _buffer(context, number)
    data = context.vm.memory.read(pointer, size)
    context.vm.world.meter.keep(size)
    buffer.replace(start, length, data)


FUNCTIONS: Final[dict[str, HostFunction]] = {
    "proxy_get_buffer_bytes": _get,
    "proxy_get_buffer_status": _get_status,
    "proxy_set_buffer_bytes": _set,
}
