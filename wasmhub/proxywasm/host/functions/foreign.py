"""
Functions of Envoy that are called by name.

Of expressions, trials know the paths of properties; of signatures and of Envoy's own filter state,
only how they are refused.
"""

# ruff: noqa: PLR0913, PLR0917 - the arguments are the ABI's own
from __future__ import annotations

import re
import struct
import zlib
from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.host.functions.logs import WARN
from wasmhub.proxywasm.host.grpc import read_message
from wasmhub.proxywasm.host.properties import find, serialize
from wasmhub.proxywasm.host.results import RefusedError, Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmhub.proxywasm.host.context import Context
    from wasmhub.proxywasm.host.results import HostFunction

_PATH: Final = re.compile(rb"[A-Za-z_]+(\.[A-Za-z_]+)*")
_TOKEN_BYTES: Final = 4


def _call(
    context: Context,
    name_at: int,
    name_size: int,
    arguments_at: int,
    arguments_size: int,
    results: int,
    results_size: int,
) -> int:
    memory = context.vm.memory
    name = memory.read(name_at, name_size)
    arguments = memory.read(arguments_at, arguments_size)
    function = _FOREIGN.get(name)
    if function is None:
        raise RefusedError(Result.NOT_FOUND)
    code, given = Result.OK, b""
    try:
        given = function(context, arguments) or b""
    except RefusedError as error:
        code = Result(error.code)
    address = context.vm.allocate(given) if results and given else 0
    if results:
        memory.write_u32(results, address)
    if results_size:
        memory.write_u32(results_size, len(given))
    return code


def _compress(context: Context, arguments: bytes) -> bytes:
    context.vm.world.meter.keep(len(arguments))
    return zlib.compress(arguments)


def _uncompress(context: Context, arguments: bytes) -> bytes:
    unpacker, most = zlib.decompressobj(), context.vm.world.meter.limits.kept_bytes
    try:
        unpacked = unpacker.decompress(arguments, most + 1)
    except zlib.error as error:
        raise RefusedError(Result.SERIALIZATION_FAILURE) from error
    context.vm.world.meter.keep(len(unpacked))
    if not unpacker.eof:
        raise RefusedError(Result.SERIALIZATION_FAILURE)
    return unpacked


def _clear_route_cache(_context: Context, _arguments: bytes) -> None:
    """Do nothing: there is one route, and it matches everything."""


def _create_expression(context: Context, expression: bytes) -> bytes:
    """Keep an expression, if it is nothing but the path of a property; see the module's docs."""
    if not _PATH.fullmatch(expression):
        context.vm.world.log(
            WARN,
            b"expr_create: trials only know paths such as request.path, not " + expression[:200],
        )
        raise RefusedError(Result.BAD_ARGUMENT)
    root = context.root
    root.expressions.append(expression.replace(b".", b"\0"))
    context.vm.world.meter.keep(len(expression))
    return struct.pack("<I", len(root.expressions) - 1)


def _evaluate_expression(context: Context, arguments: bytes) -> bytes:
    path = _expression(context, arguments)
    if path is None:
        raise RefusedError(Result.NOT_FOUND)
    try:
        return serialize(find(context, path))
    except RefusedError as error:
        raise RefusedError(Result.INTERNAL_FAILURE) from error


def _delete_expression(context: Context, arguments: bytes) -> None:
    if _expression(context, arguments) is not None:
        context.root.expressions[int.from_bytes(arguments, "little")] = None


def _expression(context: Context, arguments: bytes) -> bytes | None:
    if len(arguments) != _TOKEN_BYTES:
        raise RefusedError(Result.BAD_ARGUMENT)
    at, known = int.from_bytes(arguments, "little"), context.root.expressions
    return known[at] if at < len(known) else None


def _declare_property(context: Context, arguments: bytes) -> None:
    """Declare a property of the plugin's own, once; its type makes no difference to a trial."""
    name = _message(arguments).get(1, b"")
    if name in context.root.declared:
        raise RefusedError(Result.BAD_ARGUMENT)
    context.vm.world.meter.keep(len(name))
    context.root.declared.add(name)


def _set_filter_state(_context: Context, arguments: bytes) -> None:
    """Refuse: a trial has none of the states that parts of Envoy keep for each other."""
    _message(arguments)
    raise RefusedError(Result.NOT_FOUND)


def _no_keys(_context: Context, _arguments: bytes) -> None:
    """Refuse: signatures are not made or verified in a trial."""
    raise RefusedError(Result.BAD_ARGUMENT)


def _message(data: bytes) -> dict[int, bytes]:
    try:
        return read_message(data)
    except ValueError as error:
        raise RefusedError(Result.BAD_ARGUMENT) from error


_FOREIGN: Final[dict[bytes, Callable[[Context, bytes], bytes | None]]] = {
    b"compress": _compress,
    b"uncompress": _uncompress,
    b"clear_route_cache": _clear_route_cache,
    b"declare_property": _declare_property,
    b"expr_create": _create_expression,
    b"expr_delete": _delete_expression,
    b"expr_evaluate": _evaluate_expression,
    b"set_envoy_filter_state": _set_filter_state,
    b"sign": _no_keys,
    b"verify_signature": _no_keys,
}
FUNCTIONS: Final[dict[str, HostFunction]] = {"proxy_call_foreign_function": _call}
