"""The values of properties, as far as a trial has them, and how they are written for modules."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

from wasmhub.proxywasm.host.headers import HeaderMap, to_bytes
from wasmhub.proxywasm.host.local import grpc_status_of
from wasmhub.proxywasm.host.results import MapType, RefusedError, Result
from wasmhub.proxywasm.host.world import UPSTREAM

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmhub.proxywasm.host.context import Context


class _Message(dict[str, Any]):
    """A message of protobuf; the trial's have no fields that are set."""


class _Unwritable:
    """A value that Envoy knows but cannot write for modules."""


def serialize(value: object) -> bytes:  # noqa: PLR0911 - one for each kind of value
    """Write a value: texts as they are, numbers in eight bytes, headers as pairs."""
    match value:
        case bytes():
            return value
        case str():
            return value.encode()
        case bool():
            return bytes([value])
        case int():
            return struct.pack("<q", value)
        case _Message():
            return b""  # of protobuf, with no field set
        case HeaderMap():
            return to_bytes(_joined(value).items())
        case dict() if not value:
            return to_bytes(())
    raise RefusedError(Result.SERIALIZATION_FAILURE)


def find(context: Context, path: bytes) -> object:
    """Follow a path of names with zeros between them; raise RefusedError NOT_FOUND at its end."""
    names = path.removesuffix(b"\0").split(b"\0")
    if names == [b""]:
        raise RefusedError(Result.SERIALIZATION_FAILURE)
    value = _top(context, names[0])
    for name in names[1:]:
        if isinstance(value, HeaderMap):
            value = _joined(value).get(name.lower())
        elif isinstance(value, dict):
            value = value.get(name.decode(errors="replace"))
        else:
            value = None
        if value is None:
            raise RefusedError(Result.NOT_FOUND)
    return value


def _top(context: Context, name: bytes) -> object:
    source = _SOURCES.get(name)
    kept = context.info.state if context.info else {}
    value = source(context) if source else kept.get(name)
    if value is None:
        raise RefusedError(Result.NOT_FOUND)
    return value


def _joined(headers: HeaderMap) -> dict[bytes, bytes]:
    values: dict[bytes, bytes] = {}
    for name, value in headers:
        values[name] = values[name] + b"," + value if name in values else value
    return values


def _headers(context: Context, kind: MapType) -> HeaderMap | None:
    found = context.maps.get(kind)
    if found is None and context.logged is not None:
        found = context.logged.get(kind)
    return found


def _request(context: Context) -> dict[str, Any] | None:
    info = context.info
    if info is None:
        return None
    headers = _headers(context, MapType.REQUEST_HEADERS)
    known: dict[str, Any] = {
        "headers": HeaderMap() if headers is None else headers,
        "time": info.start,
        "size": info.request_size,
        "total_size": info.request_size + (headers.byte_size if headers else 0),
    }
    if info.protocol:
        known["protocol"] = info.protocol
    if info.ended is not None:
        known["duration"] = info.ended - info.started
    if headers is None:
        return known
    path, length = headers.text(":path"), headers.text("content-length")
    known |= {
        "path": path,
        "url_path": path.partition("?")[0],
        "query": path.partition("?")[2],
        "size": int(length) if length.isdigit() else info.request_size,
    }
    for name, header in _OF_REQUEST.items():
        if headers.get(header) is not None:
            known[name] = headers.text(header.decode())
    return known


def _response(context: Context) -> dict[str, Any] | None:
    info = context.info
    if info is None:
        return None
    headers = _headers(context, MapType.RESPONSE_HEADERS)
    trailers = _headers(context, MapType.RESPONSE_TRAILERS)
    parts = sum(each.byte_size for each in (headers, trailers) if each is not None)
    known: dict[str, Any] = {
        "flags": info.flags,
        "size": info.response_size,
        "total_size": info.response_size + parts,
        "headers": HeaderMap() if headers is None else headers,
        "trailers": HeaderMap() if trailers is None else trailers,
    }
    if info.status:
        known["code"] = info.status
        known["grpc_status"] = grpc_status_of(info.status)
    if info.details:
        known["code_details"] = info.details
    if info.answered is not None and (info.response_size or info.ended is not None):
        known["backend_latency"] = info.answered - info.started
    return known


def _connection(context: Context) -> dict[str, Any] | None:
    return {"mtls": False, "id": 1, "requested_server_name": ""} if context.info else None


def _peer(port: int) -> Callable[[Context], dict[str, Any] | None]:
    known = {"address": f"127.0.0.1:{port}", "port": port}
    return lambda context: known if context.info else None


def _upstream(context: Context) -> dict[str, Any] | None:
    if context.info is None:
        return None
    if not context.info.routed:
        return {"request_attempt_count": 0}
    known: dict[str, Any] = {"address": f"127.0.0.1:{_UPSTREAM_PORT}", "port": _UPSTREAM_PORT}
    known |= {"request_attempt_count": 1, "transport_failure_reason": ""}
    if context.info.answered is not None:
        known["cx_pool_ready_duration"] = context.info.answered - context.info.started
    return known


def _xds(context: Context) -> dict[str, Any]:
    if context.info is None:
        return {"node": _Message()}
    known: dict[str, Any] = {"listener_direction": 0, "cluster_name": UPSTREAM}
    if context.info.protocol:
        known["route_name"] = ""
    known |= {"virtual_host_name": "all", "filter_chain_name": "", "node": _Message()}
    for name in ("cluster", "route", "virtual_host", "listener"):
        known[f"{name}_metadata"] = _Message()
    if context.info.routed:
        known["upstream_host_metadata"] = _Unwritable()
    return known


def _plugin(part: str) -> Callable[[Context], str | None]:
    return lambda context: getattr(context.plugin, part) if context.plugin else None


_CLIENT_PORT, _LISTENER_PORT, _UPSTREAM_PORT = 50_000, 10_000, 8_080
_OF_REQUEST: Final = {
    "host": b":authority",
    "scheme": b":scheme",
    "method": b":method",
    "referer": b"referer",
    "useragent": b"user-agent",
    "id": b"x-request-id",
}
_SOURCES: Final[dict[bytes, Callable[[Context], object]]] = {
    b"request": _request,
    b"response": _response,
    b"connection": _connection,
    b"connection_id": lambda context: 1 if context.info else None,
    b"source": _peer(_CLIENT_PORT),
    b"destination": _peer(_LISTENER_PORT),
    b"upstream": _upstream,
    b"xds": _xds,
    b"metadata": lambda context: _Message({"filter_metadata": {}}) if context.info else None,
    b"filter_state": lambda context: _Unwritable() if context.info else None,
    b"upstream_filter_state": lambda context: (
        _Unwritable() if context.info and context.info.answered is not None else None
    ),
    b"plugin_name": _plugin("name"),
    b"plugin_root_id": _plugin("root_id"),
    b"plugin_vm_id": lambda context: context.vm.vm_id,
}
