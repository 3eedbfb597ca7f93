"""Shared data and shared queues."""

# ruff: noqa: PLR0913, PLR0917 - the arguments are the ABI's own
from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.context import Context
    from wasmhub.proxywasm.host.results import HostFunction


def _get_data(
    context: Context, key_at: int, key_size: int, pointer: int, size: int, cas: int
) -> None:
    vm = context.vm
    value, number = vm.world.shared_data.get(vm.memory.read(key_at, key_size))
    vm.give(value, pointer, size)
    vm.memory.write_u32(cas, number)


def _set_data(
    context: Context, key_at: int, key_size: int, value_at: int, value_size: int, cas: int
) -> None:
    vm = context.vm
    key, value = vm.memory.read(key_at, key_size), vm.memory.read(value_at, value_size)
    vm.world.shared_data.set(key, value, cas)


def _register_queue(context: Context, name_at: int, name_size: int, token: int) -> None:
    vm, root = context.vm, context.root
    name = vm.memory.read(name_at, name_size)

    def ready(number: int) -> None:
        root.call("proxy_on_queue_ready", number)

    vm.memory.write_u32(token, vm.world.queues.register(vm.vm_id, name, ready))


def _resolve_queue(
    context: Context, vm_id_at: int, vm_id_size: int, name_at: int, name_size: int, token: int
) -> None:
    vm = context.vm
    vm_id, name = vm.memory.read(vm_id_at, vm_id_size), vm.memory.read(name_at, name_size)
    vm.memory.write_u32(token, vm.world.queues.resolve(vm_id or vm.vm_id, name))


def _enqueue(context: Context, token: int, pointer: int, size: int) -> None:
    vm = context.vm
    vm.world.queues.enqueue(token, vm.memory.read(pointer, size))


def _dequeue(context: Context, token: int, pointer: int, size: int) -> None:
    vm = context.vm
    vm.give(vm.world.queues.dequeue(token), pointer, size)


FUNCTIONS: Final[dict[str, HostFunction]] = {
    "proxy_get_shared_data": _get_data,
    "proxy_set_shared_data": _set_data,
    "proxy_register_shared_queue": _register_queue,
    "proxy_resolve_shared_queue": _resolve_queue,
    "proxy_enqueue_shared_queue": _enqueue,
    "proxy_dequeue_shared_queue": _dequeue,
}
