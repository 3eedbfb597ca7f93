"""What a module can do, in plain words: an upper bound, read from imports and exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wasmhub.module import Module

CAPABILITIES: Final[Mapping[str, str]] = {
    "clock": "It can read the time.",
    "files": "It imports functions for files; proxies give it none.",
    "foreign-function": "It can call functions that the proxy offers beyond the ABI.",
    "grpc-call": "It can call gRPC services that the proxy knows.",
    "headers": "It can read and change headers.",
    "http-call": "It can send HTTP requests to clusters that the proxy knows.",
    "local-response": "It can answer a request itself.",
    "log": "It can write to the proxy's log.",
    "metrics": "It can define and change metrics.",
    "properties": "It can read or set properties of the connection and the proxy.",
    "random": "It can get random bytes.",
    "request-body": "It sees the bodies of requests.",
    "request-headers": "It sees the headers of requests.",
    "response-body": "It sees the bodies of responses.",
    "response-headers": "It sees the headers of responses.",
    "shared-data": "It can share data with other filters in the proxy.",
    "shared-queue": "It can send messages to other filters in the proxy.",
    "tcp": "It sees the bytes of TCP connections.",
    "timer": "It can act at intervals, without a request.",
}
_BY_IMPORT: Final[Mapping[str, str]] = {
    "clock_time_get": "clock",
    "random_get": "random",
    "path_open": "files",
    "proxy_add_header_map_value": "headers",
    "proxy_call_foreign_function": "foreign-function",
    "proxy_define_metric": "metrics",
    "proxy_get_current_time_nanoseconds": "clock",
    "proxy_get_header_map_pairs": "headers",
    "proxy_get_header_map_value": "headers",
    "proxy_get_property": "properties",
    "proxy_get_shared_data": "shared-data",
    "proxy_grpc_call": "grpc-call",
    "proxy_grpc_stream": "grpc-call",
    "proxy_http_call": "http-call",
    "proxy_log": "log",
    "proxy_register_shared_queue": "shared-queue",
    "proxy_remove_header_map_value": "headers",
    "proxy_replace_header_map_value": "headers",
    "proxy_resolve_shared_queue": "shared-queue",
    "proxy_send_local_response": "local-response",
    "proxy_set_header_map_pairs": "headers",
    "proxy_set_property": "properties",
    "proxy_set_shared_data": "shared-data",
    "proxy_set_tick_period_milliseconds": "timer",
}
_BY_EXPORT: Final[Mapping[str, str]] = {
    "proxy_on_downstream_data": "tcp",
    "proxy_on_new_connection": "tcp",
    "proxy_on_request_body": "request-body",
    "proxy_on_request_headers": "request-headers",
    "proxy_on_response_body": "response-body",
    "proxy_on_response_headers": "response-headers",
    "proxy_on_upstream_data": "tcp",
}


def capabilities_of(module: Module) -> list[str]:
    """Return the capabilities of a module in alphabetical order."""
    imported = {each.name for each in module.imports if each.kind == "function"}
    exported = {each.name for each in module.exports if each.kind == "function"}
    wanted = {what for name, what in _BY_IMPORT.items() if name in imported}
    seen = {what for name, what in _BY_EXPORT.items() if name in exported}
    return sorted(wanted | seen)
