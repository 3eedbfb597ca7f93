"""What a module can do, in plain words: an upper bound, read from imports and exports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wasmhub.module import Module

CAPABILITIES: Final[Mapping[str, str]] = {
    "access-log": "It is told of every request and connection when it ends.",
    "change-body": "It can change bodies and the bytes of connections.",
    "clock": "It can read the time.",
    "close-stream": "It can end a request or a connection.",
    "environment": "It can read the environment variables that the proxy's configuration gives it.",
    "files": "It imports functions for files; proxies give it none.",
    "foreign-callback": "Other parts of the proxy can call it.",
    "foreign-function": "It can call functions that the proxy offers beyond the ABI.",
    "grpc-call": "It can call gRPC services that the proxy knows.",
    "headers": "It can read and change headers.",
    "hold-stream": "It can hold a request or a connection and let it go on later.",
    "http-call": "It can send HTTP requests to clusters that the proxy knows.",
    "local-response": "It can answer a request itself.",
    "log": "It can write to the proxy's log.",
    "metadata": "It sees the metadata frames of HTTP/2.",
    "metrics": "It can define and change metrics.",
    "properties": "It can read or set properties of the connection and the proxy.",
    "random": "It can get random bytes.",
    "request-body": "It sees the bodies of requests.",
    "request-headers": "It sees the headers of requests.",
    "response-body": "It sees the bodies of responses.",
    "response-headers": "It sees the headers of responses.",
    "route": "It can have the route of a request chosen anew.",
    "shared-data": "It can share data with other filters in the proxy.",
    "shared-queue": "It can send messages to other filters in the proxy.",
    "sockets": "It imports functions for sockets; proxies give it none.",
    "tcp": "It sees the bytes of TCP connections.",
    "timer": "It can act at intervals, without a request.",
    "trailers": "It sees the trailers of requests or responses.",
}
_IMPORTS: Final[Mapping[str, str]] = {
    "change-body": "proxy_set_buffer_bytes",
    "clock": "clock_res_get clock_time_get proxy_get_current_time_nanoseconds",
    "close-stream": "proxy_close_stream",
    "environment": "environ_get environ_sizes_get",
    "files": "fd_pread fd_pwrite fd_read fd_readdir path_create_directory path_filestat_get "
    "path_filestat_set_times path_link path_open path_readlink path_remove_directory path_rename "
    "path_symlink path_unlink_file",
    "foreign-function": "proxy_call_foreign_function",
    "grpc-call": "proxy_grpc_call proxy_grpc_cancel proxy_grpc_close proxy_grpc_send "
    "proxy_grpc_stream",
    "headers": "proxy_add_header_map_value proxy_get_header_map_pairs proxy_get_header_map_size "
    "proxy_get_header_map_value proxy_remove_header_map_value proxy_replace_header_map_value "
    "proxy_set_header_map_pairs",
    "hold-stream": "proxy_continue_request proxy_continue_response proxy_continue_stream",
    "http-call": "proxy_http_call",
    "local-response": "proxy_send_local_response",
    "log": "fd_write proxy_log",
    "metrics": "proxy_define_metric proxy_get_metric proxy_increment_metric proxy_record_metric",
    "properties": "proxy_get_property proxy_set_property",
    "random": "random_get",
    "route": "proxy_clear_route_cache",
    "shared-data": "proxy_get_shared_data proxy_set_shared_data",
    "shared-queue": "proxy_dequeue_shared_queue proxy_enqueue_shared_queue "
    "proxy_register_shared_queue proxy_resolve_shared_queue",
    "sockets": "sock_accept sock_recv sock_send sock_shutdown",
    "timer": "proxy_set_tick_period_milliseconds",
}
_EXPORTS: Final[Mapping[str, str]] = {
    "access-log": "proxy_on_log",
    "foreign-callback": "proxy_on_foreign_function",
    "metadata": "proxy_on_request_metadata proxy_on_response_metadata",
    "request-body": "proxy_on_request_body",
    "request-headers": "proxy_on_request_headers",
    "response-body": "proxy_on_response_body",
    "response-headers": "proxy_on_response_headers",
    "tcp": "proxy_on_downstream_data proxy_on_new_connection proxy_on_upstream_data",
    "trailers": "proxy_on_request_trailers proxy_on_response_trailers",
}


def _by_function(listed: Mapping[str, str]) -> dict[str, str]:
    return {name: what for what, names in listed.items() for name in names.split()}


BY_IMPORT: Final = _by_function(_IMPORTS)
BY_EXPORT: Final = _by_function(_EXPORTS)


@dataclass(frozen=True, slots=True)
class CapabilityChanges:
    """What a version can do that the one before could not, and the other way round."""

    gained: tuple[str, ...]
    lost: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return each side as names with their sentences."""
        return {"gained": in_words(self.gained), "lost": in_words(self.lost)}


def capabilities_of(module: Module) -> list[str]:
    """Return the capabilities of a module in alphabetical order."""
    imported = {each.name for each in module.imports if each.kind == "function"}
    exported = {each.name for each in module.exports if each.kind == "function"}
    wanted = {what for name, what in BY_IMPORT.items() if name in imported}
    seen = {what for name, what in BY_EXPORT.items() if name in exported}
    return sorted(wanted | seen)


def capability_changes(old: Iterable[str], new: Iterable[str]) -> CapabilityChanges:
    """Compare the capabilities of two versions, by name."""
    before, after = set(old), set(new)
    return CapabilityChanges(tuple(sorted(after - before)), tuple(sorted(before - after)))


def in_words(names: Iterable[str]) -> list[dict[str, str]]:
    """Return ``{"name", "sentence"}`` of each capability; of one that is no more, its name only."""
    return [{"name": name, "sentence": CAPABILITIES.get(name, "")} for name in names]
