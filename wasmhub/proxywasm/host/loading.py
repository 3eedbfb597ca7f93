"""Load a module as Envoy does, with Envoy's own words when it cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import wasmtime

from wasmhub.module import ModuleError, kind_of, read_module
from wasmhub.proxywasm.abi import (
    ALLOCATOR_TYPE,
    ALLOCATORS,
    WASI_MODULES,
    WASI_TYPES,
    abi_of,
    callbacks,
    host_functions,
)
from wasmhub.proxywasm.host.context import Context, PluginConfig
from wasmhub.proxywasm.host.engine import compile_module
from wasmhub.proxywasm.host.functions import import_of
from wasmhub.proxywasm.host.limits import LimitReachedError
from wasmhub.proxywasm.host.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wasmhub.module import Import, Module
    from wasmhub.proxywasm.host.engine import CompiledCache, Engine
    from wasmhub.proxywasm.host.vm import Vm

_NO_MARKER: Final = "Wasm VM failed Missing or unknown Proxy-Wasm ABI version"
_START_TYPES: Final = {
    "_initialize": "() -> ()",
    "main": "(i32 i32) -> (i32)",
    "__main_void": "() -> (i32)",
    "_start": "() -> ()",
}
# What a module may call while it starts: logs, arguments, time, chance, and the files that are
# none. The rest of WASI's names is in the list of Envoy, too, but not these.
_NOT_WHILE_STARTING: Final = frozenset(
    "fd_close fd_read fd_seek path_open proc_exit sched_yield".split()
)
_WHILE_STARTING: Final = (frozenset(WASI_TYPES) - _NOT_WHILE_STARTING) | {
    "emscripten_notify_memory_growth",
    "proxy_log",
}


class RejectedError(Exception):
    """A module that Envoy does not load, or a configuration that it does not take."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a proxy offers: the functions of WASI, and which capabilities are not taken away."""

    wasi: frozenset[str] = frozenset(WASI_TYPES)
    main_void: bool = True  # whether ``__main_void`` is called, as since Envoy 1.39
    allowed: frozenset[str] | None = None  # None: everything


@dataclass(frozen=True, slots=True)
class Code:
    """A module that was read and compiled."""

    module: Module
    abi: str
    compiled: wasmtime.Module


def compile_code(data: bytes, engine: Engine, cache: CompiledCache | None) -> Code:
    """Read and compile a module; raise RejectedError with Envoy's words."""
    if kind_of(data) == "component":  # Envoy looks for the marker only
        raise RejectedError(_NO_MARKER)
    try:
        module = read_module(data)
    except ModuleError as error:
        raise RejectedError("Wasm VM failed Failed to parse corrupted Wasm module") from error
    abi = abi_of(module.exports)
    if abi is None:
        raise RejectedError(_NO_MARKER)
    try:
        return Code(module, abi, compile_module(data, engine, cache))
    except wasmtime.WasmtimeError as error:
        raise RejectedError("Wasm VM failed Failed to load Wasm bytecode") from error


def start_machine(vm: Vm, code: Code, profile: Profile) -> None:
    """Link and start a module; raise RejectedError with Envoy's words, or LimitReachedError."""
    Context(vm, None)
    _link(vm, code.module, code.compiled, profile)
    _find_functions(vm, code.module, profile)
    _start(vm)


def start_plugin(vm: Vm, plugin: PluginConfig) -> Context:
    """Create and configure the root context of a plugin; raise RejectedError when it says no."""
    root = Context(vm, plugin)
    root.configuring = True
    root.create()
    root.configuring = False
    created_with = vm.failure
    if not created_with and root.call("proxy_on_vm_start", len(vm.configuration)) == 0:
        raise RejectedError(_why(vm, "Failed to start base Wasm"))
    root.configuring = True
    if not vm.failure and root.call("proxy_on_configure", len(plugin.configuration)) == 0:
        raise RejectedError(_why(vm, "Failed to configure base Wasm plugin"))
    root.configuring = False
    return root


def _why(vm: Vm, what: str) -> str:
    return vm.failure or f"Wasm VM failed {what}"


def _link(vm: Vm, module: Module, compiled: wasmtime.Module, profile: Profile) -> None:
    offered = _offered(vm.abi, profile)
    try:
        imports = [
            _import(vm, each, wanted.type, offered, profile)
            for each, wanted in zip(module.imports, compiled.imports, strict=True)
        ]
        instance = wasmtime.Instance(vm.store, compiled, imports)
    except wasmtime.Trap as trap:
        limit = vm.engine.trap_of_limit(trap)
        raise limit or RejectedError("Failed to create new Wasm instance") from trap
    except wasmtime.WasmtimeError as error:
        raise LimitReachedError(f"The module asks for more than it may have: {error}") from error
    memories = [each for each in imports if isinstance(each, wasmtime.Memory)]
    exports = instance.exports(vm.store)
    for index, export in enumerate(module.exports):
        extern = exports.by_index[index]
        if isinstance(extern, wasmtime.Func):
            vm.functions[export.name] = extern
        elif isinstance(extern, wasmtime.Memory):
            memories.append(extern)
    vm.memory = Memory(vm.store, memories[-1] if memories else None)


def _import(
    vm: Vm,
    wanted: Import,
    type_: object,
    offered: Mapping[str, str],
    profile: Profile,
) -> wasmtime.Func | wasmtime.Memory | wasmtime.Table:
    """Return what the module gets: a host function, or a memory or table of its own."""
    name = f"{wanted.module}.{wanted.name}"
    if isinstance(type_, wasmtime.MemoryType):
        return wasmtime.Memory(vm.store, type_)
    if isinstance(type_, wasmtime.TableType):
        return wasmtime.Table(vm.store, type_, None)
    if not isinstance(type_, wasmtime.FuncType) or name not in offered:
        raise RejectedError(f"Failed to load Wasm module due to a missing import: {name}")
    if wanted.type != offered[name]:
        raise RejectedError(
            f"Failed to load Wasm module due to an import type mismatch: {name}, want: "
            f"{_printed(wanted.type)}, but host exports: {_printed(offered[name])}"
        )
    return wasmtime.Func(vm.store, type_, import_of(vm, wanted.name, type_, profile))


def _offered(abi: str, profile: Profile) -> Mapping[str, str]:
    offered = {f"env.{name}": type_ for name, type_ in host_functions(abi).items()}
    for module in WASI_MODULES:
        offered |= {f"{module}.{name}": WASI_TYPES[name] for name in profile.wasi}
    return offered


def _find_functions(vm: Vm, module: Module, profile: Profile) -> None:
    """Take the functions that Envoy looks for, in its order, and compare their types."""
    exported = {each.name: each.type for each in module.exports if each.kind == "function"}
    starts = ["_start"]
    if "_initialize" in exported:
        starts = ["_initialize", "main", *(["__main_void"] if profile.main_void else [])]
    for name in starts:
        _require(exported, name, _START_TYPES[name])
    allocator = next((each for each in ALLOCATORS if each in exported), None)
    if allocator:
        _require(exported, allocator, ALLOCATOR_TYPE)
        vm.allocator, vm.allocator_name = vm.functions[allocator], allocator
    else:
        raise RejectedError("Wasm VM failed Wasm module is missing malloc function.")
    wanted = callbacks(vm.abi)
    if profile.allowed is not None:
        wanted = {name: type_ for name, type_ in wanted.items() if name in profile.allowed}
    for name, type_ in wanted.items():
        _require(exported, name, type_)
    kept = {*wanted, *starts}
    vm.functions = {name: each for name, each in vm.functions.items() if name in kept}


def _require(exported: Mapping[str, str], name: str, type_: str) -> None:
    if name in exported and exported[name] != type_:
        raise RejectedError(
            f"Bad function signature for: {name}, want: {_printed(type_)}, "
            f"but the module exports: {_printed(exported[name])}"
        )


def _start(vm: Vm) -> None:
    vm.allowed = _WHILE_STARTING
    context = vm.contexts[0]
    if vm.has("_initialize"):
        vm.run(context, "_initialize")
        if vm.has("main"):
            vm.run(context, "main", 0, 0)
        elif vm.has("__main_void"):
            vm.run(context, "__main_void")
    elif vm.has("_start"):
        vm.run(context, "_start")
    vm.allowed = None
    if vm.failure:
        raise RejectedError(vm.failure)


def _printed(type_: str) -> str:
    """Write a function's type as the host does: ``i32 i32 -> i32``, ``void`` for nothing."""
    sides = (side.strip().strip("()").strip() or "void" for side in type_.split("->"))
    return " -> ".join(sides)
