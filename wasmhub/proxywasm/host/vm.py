"""One virtual machine: an instance of a module, and the calls between it and the host."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import wasmtime

from wasmhub.proxywasm.host.limits import LimitReachedError
from wasmhub.proxywasm.host.memory import Memory
from wasmhub.proxywasm.host.results import BadMemoryError
from wasmhub.proxywasm.host.traps import RestrictedError, describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmhub.proxywasm.host.context import Context
    from wasmhub.proxywasm.host.engine import Engine
    from wasmhub.proxywasm.host.results import MetricType
    from wasmhub.proxywasm.host.world import World

STOPPED: Final = -1  # the result of a callback that sent a local response
# What an allocator may call while the host asks it for memory; anything else traps.
_WHILE_ALLOCATING: Final = frozenset("proxy_log fd_write clock_time_get poll_oneoff".split())


class Vm:
    """
    An instance with its contexts.

    A trap, anywhere, ends it for good, as in Envoy: ``failure`` says why, callbacks are no longer
    called. What Envoy does after a call has returned is kept in ``after_call`` until then.
    """

    def __init__(self, world: World, engine: Engine, abi: str) -> None:
        self.world = world
        self.abi = abi
        self.vm_id = b""
        self.configuration = b""
        self.engine = engine
        self.store = engine.store()
        self.memory = Memory(self.store, None)
        self.functions: dict[str, wasmtime.Func] = {}
        self.allocator: wasmtime.Func | None = None
        self.allocator_name = ""
        self.contexts: dict[int, Context] = {}
        self.tokens: dict[int, int] = {}  # of the last callout of each kind
        self.last_metric: dict[int, int] = {}  # of each type
        self.metrics: dict[int, tuple[MetricType, bytes]] = {}
        self.current: Context | None = None
        self.effective = 0
        self.allowed: frozenset[str] | None = None  # None: every host function
        self.stop_next = False  # a local response stops the filters, whatever the callback returns
        self.failure = ""
        self.after_call: deque[Callable[[], None]] = deque()
        self._ids = 0

    @property
    def context(self) -> Context:
        """Return the context that host functions work on: the current or the effective one."""
        found = self.contexts.get(self.effective) if self.effective else None
        context = found or self.current
        if context is None:
            raise RuntimeError("a host function was called outside of every callback")
        return context

    @property
    def fuel_used(self) -> int:
        """Return how much fuel was used so far."""
        return self.engine.fuel - self.store.get_fuel()

    def new_id(self) -> int:
        """Return the number of a new context."""
        self._ids += 1
        return self._ids

    def has(self, name: str) -> bool:
        """Tell whether there is a callback to call: it is exported, and nothing failed before."""
        return not self.failure and name in self.functions

    def callback(self, context: Context, name: str, *arguments: int) -> int:
        """
        Call a callback for a context, then do what was put off.

        Return its result, 0 when it trapped or has none, STOPPED when a local response was sent.
        """
        result = self.run(context, name, *arguments)
        stopped, self.stop_next = self.stop_next, False
        while self.after_call:
            self.after_call.popleft()()
        return STOPPED if stopped else result

    def run(self, context: Context, name: str, *arguments: int) -> int:
        """Call an exported function by its name; a trap fails the machine and gives 0."""
        return self._call(self.functions[name], name, context, *arguments)

    def allocate(self, data: bytes) -> int:
        """Put bytes into memory that the module gives; raise BadMemoryError when it gives none."""
        if self.allocator is None or self.failure:
            raise BadMemoryError
        before, self.allowed = self.allowed, _WHILE_ALLOCATING
        try:
            size = len(data)
            signed = size - (1 << 32) if size >= 1 << 31 else size
            address = (
                self._call(self.allocator, self.allocator_name, self.contexts[0], signed)
                & 0xFFFF_FFFF
            )
        finally:
            self.allowed = before
        if address == 0:
            raise BadMemoryError
        self.memory.write(address, data)
        return address

    def give(self, data: bytes, pointer: int, size: int) -> None:
        """Hand bytes over: write where they are and how many into two words. None need no room."""
        address = self.allocate(data) if data else 0
        self.memory.write_u32(pointer, address)
        self.memory.write_u32(size, len(data))

    def fail(self, reason: str) -> None:
        """Fail the machine; the first reason stays."""
        self.failure = self.failure or reason

    def _call(self, function: wasmtime.Func, name: str, context: Context, *arguments: int) -> int:
        saved = self.current, self.effective
        self.current, self.effective = context, 0
        try:
            result = function(self.store, *arguments)
        except wasmtime.Trap as trap:
            limit = self.engine.trap_of_limit(trap)
            if limit:
                raise limit from trap
            self.fail(f"Function: {name} failed: {describe(trap)}")
            result = 0
        except (wasmtime.WasmtimeError, RestrictedError) as error:
            self.fail(f"Function: {name} failed: Uncaught Error: {error}")
            result = 0
        finally:
            self.current, self.effective = saved
        return int(result or 0)


def memory_limit(vm: Vm, limit: int) -> LimitReachedError | None:
    """Return the limit of memory, when a failed machine had most of what it may have."""
    if not vm.failure or vm.memory.size * 2 <= limit:
        return None
    return LimitReachedError(
        f"The filter failed while it held {vm.memory.size >> 20} of at most {limit >> 20} MiB of "
        f"memory. {vm.failure}"
    )
