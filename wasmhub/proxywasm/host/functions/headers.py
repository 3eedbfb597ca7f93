"""Headers, trailers and metadata."""

# ruff: noqa: PLR0913, PLR0917 - the arguments are the ABI's own
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.host.headers import from_bytes, to_bytes
from wasmhub.proxywasm.host.results import MapType, RefusedError, Result

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.context import Context
    from wasmhub.proxywasm.host.results import HostFunction

_OVERHEAD: Final = 64  # of a header that is empty


def _kind(number: int) -> MapType:
    if number > max(MapType):
        raise RefusedError(Result.BAD_ARGUMENT)
    return MapType(number)


def _get(
    context: Context, number: int, name_at: int, name_size: int, pointer: int, size: int
) -> None:
    kind = _kind(number)
    name = context.vm.memory.read(name_at, name_size)
    headers = context.readable_map(kind)
    if headers is None and context.logged is None:
        raise RefusedError(Result.BAD_ARGUMENT)
    value = None if headers is None else headers.get(name)
    if value is None:
        if context.vm.abi != "0.1.0":
            raise RefusedError(Result.NOT_FOUND)
        value = b""
    context.vm.give(value, pointer, size)


def _add(
    context: Context, number: int, name_at: int, name_size: int, value_at: int, value_size: int
) -> None:
    kind = _kind(number)
    name, value = _pair(context, name_at, name_size, value_at, value_size)
    context.map(kind).add(name, value)


def _replace(
    context: Context, number: int, name_at: int, name_size: int, value_at: int, value_size: int
) -> None:
    kind = _kind(number)
    name, value = _pair(context, name_at, name_size, value_at, value_size)
    context.map(kind).set(name, value)


def _pair(
    context: Context, name_at: int, name_size: int, value_at: int, value_size: int
) -> tuple[bytes, bytes]:
    memory = context.vm.memory
    name, value = memory.read(name_at, name_size), memory.read(value_at, value_size)
    context.vm.world.meter.keep(_OVERHEAD + len(name) + len(value))
    return name, value


def _remove(context: Context, number: int, name_at: int, name_size: int) -> None:
    kind = _kind(number)
    name = context.vm.memory.read(name_at, name_size)
    context.map(kind).remove(name)


def _get_pairs(context: Context, number: int, pointer: int, size: int) -> None:
    headers = context.readable_map(_kind(number))
    context.vm.give(to_bytes(headers) if headers else b"", pointer, size)


def _set_pairs(context: Context, number: int, pointer: int, size: int) -> None:
    kind = _kind(number)
    data = context.vm.memory.read(pointer, size)
    headers = context.map(kind)
    context.vm.world.meter.keep(len(data))
    headers.clear()
    for name, value in from_bytes(data):
        headers.add(name, value)


def _get_size(context: Context, number: int, pointer: int) -> None:
    context.vm.memory.write_u32(pointer, context.map(_kind(number)).byte_size)


FUNCTIONS: Final[dict[str, HostFunction]] = {
    "proxy_get_header_map_value": _get,
    "proxy_add_header_map_value": _add,
    "proxy_replace_header_map_value": _replace,
    "proxy_remove_header_map_value": _remove,
    "proxy_get_header_map_pairs": _get_pairs,
    "proxy_set_header_map_pairs": _set_pairs,
    "proxy_get_header_map_size": _get_size,
}
