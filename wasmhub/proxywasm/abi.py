"""
The proxy-wasm ABI as Envoy's host (proxy-wasm-cpp-host) has it.

Types are written as the module reader shows them. All parameters are i32 unless said otherwise.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wasmhub.module import Export

MARKERS: Final = {
    "proxy_abi_version_0_1_0": "0.1.0",
    "proxy_abi_version_0_2_0": "0.2.0",
    "proxy_abi_version_0_2_1": "0.2.1",
}
OLDEST_ABI: Final = "0.1.0"
NEWEST_ABI: Final = "0.2.1"
UNSUPPORTED_MARKER: Final = "proxy_abi_version_0_3_0"
# The host takes the first of these that is exported, and looks at no other.
ALLOCATORS: Final = ("malloc", "proxy_on_memory_allocate")
ALLOCATOR_TYPE: Final = "(i32) -> (i32)"
WASI_MODULES: Final = ("wasi_snapshot_preview1", "wasi_unstable")


def _returning(count: int) -> str:
    return f"({' '.join(['i32'] * count)}) -> (i32)"


def _silent(count: int) -> str:
    return f"({' '.join(['i32'] * count)}) -> ()"


_IN_EVERY_ABI: Final = {
    0: "done",
    1: "grpc_close grpc_cancel set_tick_period_milliseconds get_current_time_nanoseconds "
    "set_effective_context",
    2: "get_header_map_size get_metric",
    3: "log get_status register_shared_queue dequeue_shared_queue enqueue_shared_queue "
    "remove_header_map_value get_header_map_pairs set_header_map_pairs get_buffer_status",
    4: "set_property get_property define_metric grpc_send",
    5: "get_shared_data set_shared_data resolve_shared_queue get_header_map_value "
    "add_header_map_value replace_header_map_value get_buffer_bytes set_buffer_bytes",
    6: "call_foreign_function",
    8: "send_local_response",
    9: "grpc_stream",
    10: "http_call",
    12: "grpc_call",
}
_METRICS: Final = "(i32 i64) -> (i32)"
_OF_ABI: Final = {
    "0.1.0": {
        "proxy_get_configuration": _returning(2),
        "proxy_continue_request": _returning(0),
        "proxy_continue_response": _returning(0),
        "proxy_clear_route_cache": _returning(0),
    },
    "0.2.0": {"proxy_continue_stream": _returning(1), "proxy_close_stream": _returning(1)},
    "0.2.1": {
        "proxy_continue_stream": _returning(1),
        "proxy_close_stream": _returning(1),
        "proxy_get_log_level": _returning(1),
    },
}
# Not of the ABI, but served by the host in the same module ``env``, and to every module.
UNRESTRICTED: Final = {
    "pthread_equal": _returning(2),
    "emscripten_notify_memory_growth": _silent(1),
}


@cache
def host_functions(abi: str) -> Mapping[str, str]:
    """Return name and type of every function that the host offers in ``env`` under an ABI."""
    common = {
        f"proxy_{name}": _returning(count)
        for count, names in _IN_EVERY_ABI.items()
        for name in names.split()
    }
    common |= {"proxy_increment_metric": _METRICS, "proxy_record_metric": _METRICS}
    return common | UNRESTRICTED | _OF_ABI[abi]


# The 45 functions of the newest host with their types, which the host compares too. Older hosts
# lack some; which ones is a question of the proxy's release, not of the module's soundness.
WASI_TYPES: Final = {
    "args_get": _returning(2),
    "args_sizes_get": _returning(2),
    "clock_res_get": _returning(2),
    "clock_time_get": "(i32 i64 i32) -> (i32)",
    "environ_get": _returning(2),
    "environ_sizes_get": _returning(2),
    "fd_advise": "(i32 i64 i64 i32) -> (i32)",
    "fd_allocate": "(i32 i64 i64) -> (i32)",
    "fd_close": _returning(1),
    "fd_datasync": _returning(1),
    "fd_fdstat_get": _returning(2),
    "fd_fdstat_set_flags": _returning(2),
    "fd_fdstat_set_rights": "(i32 i64 i64) -> (i32)",
    "fd_filestat_get": _returning(2),
    "fd_filestat_set_size": "(i32 i64) -> (i32)",
    "fd_filestat_set_times": "(i32 i64 i64 i32) -> (i32)",
    "fd_pread": "(i32 i32 i32 i64 i32) -> (i32)",
    "fd_prestat_dir_name": _returning(3),
    "fd_prestat_get": _returning(2),
    "fd_pwrite": "(i32 i32 i32 i64 i32) -> (i32)",
    "fd_read": _returning(4),
    "fd_readdir": "(i32 i32 i32 i64 i32) -> (i32)",
    "fd_renumber": _returning(2),
    "fd_seek": "(i32 i64 i32 i32) -> (i32)",
    "fd_sync": _returning(1),
    "fd_tell": _returning(2),
    "fd_write": _returning(4),
    "path_create_directory": _returning(3),
    "path_filestat_get": _returning(5),
    "path_filestat_set_times": "(i32 i32 i32 i32 i64 i64 i32) -> (i32)",
    "path_link": _returning(6),  # the host's own: WASI has 7 parameters
    "path_open": "(i32 i32 i32 i32 i32 i64 i64 i32 i32) -> (i32)",
    "path_readlink": _returning(6),
    "path_remove_directory": _returning(3),
    "path_rename": _returning(6),
    "path_symlink": _returning(4),  # the host's own: WASI has 5 parameters
    "path_unlink_file": _returning(3),
    "poll_oneoff": _returning(4),
    "proc_exit": _silent(1),
    "random_get": _returning(2),
    "sched_yield": _returning(0),
    "sock_accept": _returning(3),
    "sock_recv": _returning(6),
    "sock_send": _returning(5),
    "sock_shutdown": _returning(2),
}

# What the host calls at start, if the module exports it: ``_initialize``, then one of the mains; or
# else the others. See ``starts`` in proxies.toml for which host knows which.
START_TYPES: Final = {
    "_initialize": _silent(0),
    "_start": _silent(0),
    "__wasm_call_ctors": _silent(0),
    "main": _returning(2),
    "__main_void": _returning(0),
}
_MAINS: Final = ("main", "__main_void")


def called_at_start(*, reactor: bool) -> tuple[str, ...]:
    """Name what may be called at start in a module with, or without, ``_initialize``."""
    if reactor:
        return ("_initialize", *_MAINS)
    return tuple(name for name in START_TYPES if name not in ("_initialize", *_MAINS))


FOREIGN_CALLBACK: Final = "proxy_on_foreign_function"  # since 0.2.0
_HEADERS: Final = ("proxy_on_request_headers", "proxy_on_response_headers")
_CALLBACKS: Final = {
    _silent(1): "on_tick on_log on_delete",
    _returning(1): "on_done on_new_connection",
    _silent(2): "on_context_create on_queue_ready on_downstream_connection_close "
    "on_upstream_connection_close",
    _returning(2): "on_vm_start on_configure validate_configuration on_request_trailers "
    "on_response_trailers on_request_metadata on_response_metadata",
    _returning(3): "on_request_body on_response_body on_downstream_data on_upstream_data",
    _silent(3): "on_grpc_receive on_grpc_close on_grpc_receive_initial_metadata "
    "on_grpc_receive_trailing_metadata",
    _silent(5): "on_http_call_response",
}
HTTP_CALLBACKS: Final = frozenset(
    f"proxy_on_{side}_{part}"
    for side in ("request", "response")
    for part in ("headers", "body", "trailers", "metadata")
)
TCP_CALLBACKS: Final = frozenset(
    "proxy_on_new_connection proxy_on_downstream_data proxy_on_upstream_data "
    "proxy_on_downstream_connection_close proxy_on_upstream_connection_close".split()
)


@cache
def callbacks(abi: str) -> Mapping[str, str]:
    """Return name and type of every callback that the host looks up under an ABI."""
    found = {
        f"proxy_{name}": type_ for type_, names in _CALLBACKS.items() for name in names.split()
    }
    headers = _returning(2) if abi == "0.1.0" else _returning(3)
    found |= dict.fromkeys(_HEADERS, headers)
    if abi != "0.1.0":
        found[FOREIGN_CALLBACK] = _silent(3)
    return found


def offered_type(module: str, name: str, abi: str | None) -> str | None:
    """Return the type of the function that the newest host offers, or None when it has none."""
    if module in WASI_MODULES:
        return WASI_TYPES.get(name)
    return host_functions(abi or NEWEST_ABI).get(name) if module == "env" else None


def abi_of(exports: Iterable[Export]) -> str | None:
    """Return the ABI of the first marker among the exported functions, as the host takes it."""
    for export in exports:
        if export.kind == "function" and export.name in MARKERS:
            return MARKERS[export.name]
    return None
