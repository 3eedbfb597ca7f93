"""Properties: what the proxy knows of itself and of a request, by a path of names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.host.properties import find, serialize
from wasmhub.proxywasm.host.results import RefusedError, Result

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.context import Context
    from wasmhub.proxywasm.host.results import HostFunction


def _get(context: Context, path_at: int, path_size: int, pointer: int, size: int) -> None:
    path = context.vm.memory.read(path_at, path_size)
    context.vm.give(serialize(find(context, path)), pointer, size)


def _set(context: Context, name_at: int, name_size: int, value_at: int, value_size: int) -> None:
    memory = context.vm.memory
    name, value = memory.read(name_at, name_size), memory.read(value_at, value_size)
    if context.info is None:
        raise RefusedError(Result.NOT_FOUND)
    context.vm.world.meter.keep(name_size + value_size)
    context.info.state[name] = value


FUNCTIONS: Final[dict[str, HostFunction]] = {"proxy_get_property": _get, "proxy_set_property": _set}
