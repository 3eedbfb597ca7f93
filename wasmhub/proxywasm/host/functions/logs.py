"""Logs, time, timers, and what belongs to no other family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.host.results import LOG_LEVELS, RefusedError, Result

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.context import Context
    from wasmhub.proxywasm.host.results import HostFunction

INFO: Final = LOG_LEVELS.index("info")
WARN: Final = LOG_LEVELS.index("warn")
ERROR: Final = LOG_LEVELS.index("error")
_SHOWN: Final = LOG_LEVELS.index("trace")  # a trial keeps lines of all levels


def _log(context: Context, level: int, pointer: int, size: int) -> None:
    if level >= len(LOG_LEVELS):
        raise RefusedError(Result.BAD_ARGUMENT)
    context.vm.world.log(level, context.vm.memory.read(pointer, size))


def _get_log_level(context: Context, pointer: int) -> None:
    context.vm.memory.write_u32(pointer, _SHOWN)


def _get_current_time(context: Context, pointer: int) -> None:
    context.vm.memory.write_u64(pointer, context.vm.world.clock.now())


def _set_tick_period(context: Context, milliseconds: int) -> None:
    """Let the root context tick; a new period begins anew, 0 ends it."""
    root = context.root
    root.tick_period = milliseconds
    root.timer += 1
    _wait(root, root.timer)


def _wait(root: Context, timer: int) -> None:
    if not root.tick_period:
        return

    def tick() -> None:
        if timer != root.timer or not root.vm.has("proxy_on_tick"):
            return
        root.vm.world.meter.tick()
        root.call("proxy_on_tick")
        if timer == root.timer:
            _wait(root, timer)

    root.vm.world.agenda.later(root.tick_period * 1_000_000, tick)


def _get_status(context: Context, code: int, pointer: int, size: int) -> None:
    number, message = context.root.status
    context.vm.memory.write_u32(code, number)
    context.vm.give(message, pointer, size)


def _get_configuration(context: Context, pointer: int, size: int) -> None:
    plugin = context.plugin if context.configuring else None
    context.vm.give(plugin.configuration if plugin else context.vm.configuration, pointer, size)


def _set_effective_context(context: Context, number: int) -> None:
    if number not in context.vm.contexts:
        raise RefusedError(Result.BAD_ARGUMENT)
    context.vm.effective = number


def _done(_context: Context) -> None:
    """Answer that no plugin waits to be done: in a trial, none is taken down."""
    raise RefusedError(Result.NOT_FOUND)


def _pthread_equal(_context: Context, left: int, right: int) -> int:
    return int(left == right)


def _notify_memory_growth(_context: Context, _memory: int) -> None:
    """Do nothing, as Envoy does."""


FUNCTIONS: Final[dict[str, HostFunction]] = {
    "proxy_log": _log,
    "proxy_get_log_level": _get_log_level,
    "proxy_get_current_time_nanoseconds": _get_current_time,
    "proxy_set_tick_period_milliseconds": _set_tick_period,
    "proxy_get_status": _get_status,
    "proxy_get_configuration": _get_configuration,
    "proxy_set_effective_context": _set_effective_context,
    "proxy_done": _done,
    "pthread_equal": _pthread_equal,
    "emscripten_notify_memory_growth": _notify_memory_growth,
}
