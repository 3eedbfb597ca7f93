"""The host functions, by name; each takes the context that it is called for and its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.abi import WASI_TYPES
from wasmhub.proxywasm.host.functions import (
    buffers,
    callouts,
    foreign,
    headers,
    logs,
    metrics,
    properties,
    shared,
    streams,
    wasi,
)
from wasmhub.proxywasm.host.results import BadMemoryError, Errno, RefusedError, Result
from wasmhub.proxywasm.host.traps import RestrictedError

if TYPE_CHECKING:
    from collections.abc import Callable

    import wasmtime

    from wasmhub.proxywasm.host.loading import Profile
    from wasmhub.proxywasm.host.results import HostFunction
    from wasmhub.proxywasm.host.vm import Vm

FUNCTIONS: Final[dict[str, HostFunction]] = {
    **buffers.FUNCTIONS,
    **callouts.FUNCTIONS,
    **foreign.FUNCTIONS,
    **headers.FUNCTIONS,
    **logs.FUNCTIONS,
    **metrics.FUNCTIONS,
    **properties.FUNCTIONS,
    **shared.FUNCTIONS,
    **streams.FUNCTIONS,
    **wasi.FUNCTIONS,
}
_ALWAYS: Final = frozenset(("pthread_equal", "emscripten_notify_memory_growth"))


def import_of(
    vm: Vm, name: str, type_: wasmtime.FuncType, profile: Profile
) -> Callable[..., int | None]:
    """Return what a module gets for an import: the function, or a stub when it is not allowed."""
    has_result = bool(type_.results)
    if profile.allowed is not None and name not in profile.allowed | _ALWAYS:
        return _stub(vm, name, has_result=has_result)
    function = FUNCTIONS[name]
    fault = Errno.FAULT if name in WASI_TYPES else Result.INVALID_MEMORY_ACCESS
    words = [str(each) == "i32" for each in type_.params]

    def call(*arguments: int) -> int | None:
        if vm.allowed is not None and name not in vm.allowed:
            raise RestrictedError("restricted_callback")
        unsigned = (
            value & 0xFFFF_FFFF if word else value
            for value, word in zip(arguments, words, strict=True)
        )
        try:
            result = function(vm.context, *unsigned)
        except RefusedError as error:
            result = error.code
        except BadMemoryError:
            result = fault
        return int(result or 0) if has_result else None

    return call


def _stub(vm: Vm, name: str, *, has_result: bool) -> Callable[..., int | None]:
    wasi = name in WASI_TYPES
    kind, code = ("WASI", Errno.NOTCAPABLE) if wasi else ("proxy-wasm", Result.INTERNAL_FAILURE)
    message = f"Attempted call to restricted {kind} capability: {name}".encode()

    def refuse(*_arguments: int) -> int | None:
        vm.world.log(logs.ERROR, message)
        return int(code) if has_result else None

    return refuse
