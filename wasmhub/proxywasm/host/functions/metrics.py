"""Metrics. A module's number of a metric has the metric's type in its lowest two bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.host.results import MetricType, RefusedError, Result

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.context import Context
    from wasmhub.proxywasm.host.results import HostFunction

_TYPE_MASK: Final = 3
_STEP: Final = 4
_U64: Final = (1 << 64) - 1


def _define(context: Context, kind: int, name_at: int, name_size: int, pointer: int) -> None:
    name = context.vm.memory.read(name_at, name_size)
    if kind > max(MetricType):
        raise RefusedError(Result.BAD_ARGUMENT)
    vm = context.vm
    number = vm.last_metric[kind] = vm.last_metric.get(kind, kind) + _STEP
    vm.metrics[number] = context.vm.world.metrics.define(MetricType(kind), name)
    context.vm.memory.write_u32(pointer, number)


def _increment(context: Context, number: int, offset: int) -> None:
    key, values = _metric(context, number), context.vm.world.metrics.values
    if key[0] == MetricType.COUNTER and offset <= 0:
        raise RefusedError(Result.BAD_ARGUMENT)
    values[key] = values[key] + offset & _U64


def _record(context: Context, number: int, value: int) -> None:
    key = context.vm.metrics.get(number)
    if key is None:
        raise RefusedError(Result.NOT_FOUND)
    values = context.vm.world.metrics.values
    before = values[key] if key[0] == MetricType.COUNTER else 0
    values[key] = before + value & _U64


def _get(context: Context, number: int, pointer: int) -> None:
    key = _metric(context, number)
    context.vm.memory.write_u64(pointer, context.vm.world.metrics.values[key])


def _metric(context: Context, number: int) -> tuple[MetricType, bytes]:
    """Return a counter or a gauge; a histogram can only be recorded."""
    if number & _TYPE_MASK not in (MetricType.COUNTER, MetricType.GAUGE):
        raise RefusedError(Result.BAD_ARGUMENT)
    key = context.vm.metrics.get(number)
    if key is None:
        raise RefusedError(Result.NOT_FOUND)
    return key


FUNCTIONS: Final[dict[str, HostFunction]] = {
    "proxy_define_metric": _define,
    "proxy_increment_metric": _increment,
    "proxy_record_metric": _record,
    "proxy_get_metric": _get,
}
