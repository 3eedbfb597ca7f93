"""The engine that runs modules in the sandbox, and the code that it compiled before."""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
import threading
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import wasmtime

from wasmhub.proxywasm.host.limits import LimitReachedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.host.limits import Limits

# Small reservations, so that a process with a limit on its address space can run a module; no
# signals and no files behind memories, for the same reason. Compiling fast matters more than code
# that runs fast: a filter runs for milliseconds.
OPTIONS: Final = {
    "cranelift_opt_level": "none",
    "consume_fuel": True,
    "epoch_interruption": True,
    "memory_reservation": 0,
    "memory_guard_size": 0,
    "memory_reservation_for_growth": 0,
    "memory_init_cow": False,
    "parallel_compilation": False,
    "wasm_threads": False,
    "wasm_memory64": False,
}
_DIGEST_BYTES: Final = 32
# All that compiled code depends on but the module; asked while files can still be opened.
_MACHINE: Final = (platform.machine(), os.name, version("wasmtime"), sorted(OPTIONS.items()))


class Engine:
    """One engine for one trial: its clock can stop what runs without touching other trials."""

    def __init__(self, limits: Limits) -> None:
        config = wasmtime.Config()
        for name, value in OPTIONS.items():
            setattr(config, name, value)
        config.max_wasm_stack = limits.stack_bytes
        self._limits = limits
        self.fuel = limits.fuel
        self.wasmtime = wasmtime.Engine(config)

    def store(self) -> wasmtime.Store:
        """Return a store with all limits set: a start function runs while a module is linked."""
        store = wasmtime.Store(self.wasmtime)
        store.set_limits(
            memory_size=self._limits.memory_bytes,
            table_elements=self._limits.table_elements,
            instances=1,
            tables=100,
            memories=2,
        )
        store.set_fuel(self._limits.fuel)
        store.set_epoch_deadline(1)
        return store

    @contextmanager
    def deadline(self) -> Iterator[None]:
        """Stop whatever runs after the time is over, within the block."""
        timer = threading.Timer(self._limits.seconds, self.wasmtime.increment_epoch)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def trap_of_limit(self, trap: wasmtime.Trap) -> LimitReachedError | None:
        """Return the limit that a trap is about, if it is about one."""
        seconds, mebibytes = self._limits.seconds, self._limits.stack_bytes // 1024
        sentences = {
            wasmtime.TrapCode.OUT_OF_FUEL: f"The filter used up its {self._limits.fuel} units of "
            "fuel: it runs for too long, or forever.",
            wasmtime.TrapCode.INTERRUPT: f"The trial took more than {seconds:g} seconds.",
            wasmtime.TrapCode.STACK_OVERFLOW: f"The filter used up its stack of {mebibytes} KiB: "
            "it calls itself too deeply, or forever.",
        }
        code = trap.trap_code
        return LimitReachedError(sentences[code]) if code in sentences else None


class CompiledCache:
    """
    A folder with compiled modules, written and read by nobody else: its files are machine code.

    Files are named by what the code depends on and written in one step; one that is damaged is
    compiled anew. Nothing is ever removed: whoever owns the folder empties it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, module: bytes, engine: Engine) -> wasmtime.Module | None:
        """Return the compiled module, or None when it is not there or not fit to be used."""
        try:
            stored = self._path(module).read_bytes()
        except OSError:
            return None
        digest, code = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
        if hashlib.sha256(code).digest() != digest:
            return None
        try:
            return wasmtime.Module.deserialize(engine.wasmtime, code)
        except wasmtime.WasmtimeError:
            return None

    def write(self, module: bytes, compiled: wasmtime.Module) -> None:
        """Keep the compiled module; a folder that cannot be written to is no failure."""
        code = bytes(compiled.serialize())
        path = self._path(module)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(code).digest() + code)
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError:
            return

    def _path(self, module: bytes) -> Path:
        """Return the file's path; all that the code depends on is in its name."""
        options = hashlib.sha256(repr(_MACHINE).encode()).hexdigest()[:16]
        return self._folder / f"{hashlib.sha256(module).hexdigest()}-{options}.cwasm"


def compile_module(module: bytes, engine: Engine, cache: CompiledCache | None) -> wasmtime.Module:
    """Compile a module or take it from the cache; raise WasmtimeError when it is not valid."""
    compiled = cache.read(module, engine) if cache else None
    if compiled is None:
        compiled = wasmtime.Module(engine.wasmtime, module)
        if cache:
            cache.write(module, compiled)
    return compiled
