"""Short words to write cases with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.wasmhub.proxywasm.host.probes import Data, Do, On, Text, Word, probe
from tests.wasmhub.proxywasm.host.real_envoy import Case
from wasmhub.proxywasm.host.headers import to_bytes

REQUEST_HEADERS, REQUEST_TRAILERS, RESPONSE_HEADERS, RESPONSE_TRAILERS = 0, 1, 2, 3
REQUEST_BODY, RESPONSE_BODY = 0, 1

POST = {
    "request": {
        "method": "POST",
        "headers": [["x-a", "1"], ["x-a", "2"], ["x-b", "b"]],
        "body": "hello world",
    }
}
CHUNKS = {
    "request": {
        "method": "POST",
        "headers": [["x-a", "1"]],
        "body": {"chunks": ["one", "two", "three"]},
    },
    "upstream": {"headers": [["x-u", "1"]], "body": {"chunks": ["uno", "dos"]}},
}
TRAILERS: dict[str, Any] = {
    "request": {
        "method": "POST",
        "body": {"chunks": ["one", "two"]},
        "trailers": [["x-t", "1"], ["x-t", "2"]],
    },
    "upstream": {"body": {"chunks": ["uno", "dos"]}, "trailers": [["x-ut", "1"]]},
}
HTTP_CALLBACKS = (
    "request_headers",
    "request_body",
    "request_trailers",
    "response_headers",
    "response_body",
    "response_trailers",
)
# The result of a body's callback that keeps all pieces until the last.
UNTIL_THE_END = (
    "(if (result i32) (i32.eqz (local.get 2)) (then (i32.const 1)) (else (i32.const 0)))"
)
# What every probe has unless it is about these callbacks.
ENDING = (On("log"), On("done", returns=1), On("delete"))


class Cases:
    """Cases of one subject."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.listed: list[Case] = []

    def probe(
        self,
        name: str,
        *callbacks: On,
        document: dict[str, Any] | None = None,
        silent: bool = False,
        ending: tuple[On, ...] = ENDING,
        **how: Any,
    ) -> None:
        """Add a case with a probe of these callbacks."""
        self.module(name, probe(*callbacks, *ending, **how), document=document, silent=silent)

    def module(
        self,
        name: str,
        *modules: bytes,
        document: dict[str, Any] | None = None,
        silent: bool = False,
    ) -> None:
        """Add a case with a module, or with several in a chain."""
        document = dict(document or {})
        if len(modules) > 1:
            document["plugins"] = [
                {"module": str(at), "config": f"c{at}", "root_id": f"r{at}"}
                for at in range(1, len(modules))
            ]
        self.listed.append(Case(f"{self.subject}: {name}", list(modules), document, silent))


def encoded(headers: Iterable[tuple[str, str]]) -> bytes:
    listed = [(name.encode(), value.encode()) for name, value in headers]
    return to_bytes(listed) if listed else b""


def pairs(kind: int) -> Do:
    return Do("proxy_get_header_map_pairs", kind, Data())


def get(kind: int, name: str) -> Do:
    return Do("proxy_get_header_map_value", kind, Text(name), Data())


def add(kind: int, name: str, value: str, *, quiet: bool = False) -> Do:
    return Do("proxy_add_header_map_value", kind, Text(name), Text(value), quiet=quiet)


def replace(kind: int, name: str, value: str) -> Do:
    return Do("proxy_replace_header_map_value", kind, Text(name), Text(value))


def remove(kind: int, name: str) -> Do:
    return Do("proxy_remove_header_map_value", kind, Text(name))


def size(kind: int) -> Do:
    return Do("proxy_get_header_map_size", kind, Word())


def read(kind: int, start: int = 0, length: int = 1000) -> Do:
    return Do("proxy_get_buffer_bytes", kind, start, length, Data())


def length(kind: int) -> Do:
    return Do("proxy_get_buffer_status", kind, Word(), Word())


def write(kind: int, start: int, replaced: int, text: str) -> Do:
    return Do("proxy_set_buffer_bytes", kind, start, replaced, Text(text))


def reply(
    status: int,
    body: str = "",
    headers: Iterable[tuple[str, str]] = (),
    grpc: int = -1,
    details: str = "",
) -> Do:
    arguments = (Text(details), Text(body), Text(encoded(headers)), grpc)
    return Do("proxy_send_local_response", status, *arguments)


def go_on(stream: int) -> Do:
    return Do("proxy_continue_stream", stream)


def close(stream: int) -> Do:
    return Do("proxy_close_stream", stream)


def act_for(context: int) -> Do:
    return Do("proxy_set_effective_context", context)


def tick_every(milliseconds: int) -> Do:
    return Do("proxy_set_tick_period_milliseconds", milliseconds)


def prop(*names: str) -> Do:
    return Do("proxy_get_property", Text("\0".join(names)), Data())


def set_prop(name: str, value: str) -> Do:
    return Do("proxy_set_property", Text(name), Text(value))


def shared(key: str) -> Do:
    return Do("proxy_get_shared_data", Text(key), Data(), Word())


def share(key: str, value: str, cas: int = 0) -> Do:
    return Do("proxy_set_shared_data", Text(key), Text(value), cas)


CHECK = ((":path", "/check"), (":method", "GET"), (":authority", "auth"))
GRANTED = {
    "replies": [
        {
            "cluster": "auth",
            "path": "/check",
            "status": 201,
            "headers": [["x-r", "1"], ["content-type", "text/plain"]],
            "body": "granted",
        }
    ]
}


def http_call(
    cluster: str = "auth",
    headers: Iterable[tuple[str, str]] = CHECK,
    body: str = "",
    trailers: Iterable[tuple[str, str]] = (),
    milliseconds: int = 5000,
) -> Do:
    texts = (Text(cluster), Text(encoded(headers)), Text(body), Text(encoded(trailers)))
    return Do("proxy_http_call", *texts, milliseconds, Word())
