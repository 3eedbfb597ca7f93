"""gRPC callouts; each comes with a filter that answers them in the real Envoy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.wasmhub.proxywasm.host.cases.writing import (
    ENDING,
    UNTIL_THE_END,
    act_for,
    add,
    go_on,
    pairs,
    read,
    remove,
    replace,
    reply,
)
from tests.wasmhub.proxywasm.host.probes import Data, Do, Kept, On, Text, Word, probe
from tests.wasmhub.proxywasm.host.real_envoy import Case

NAMES = (Text("grpc"), Text("acme.Auth"), Text("Check"), Text(b""))
STATUS = Do("proxy_get_status", Word(), Data())
CLOSED = On("grpc_close", STATUS, act_for(2), reply(403, "closed"))


@dataclass(frozen=True)
class WithServer:
    """A case, and the filter that makes the upstream's response one of gRPC."""

    case: Case
    server: bytes


def serving(messages: list[str], trailers: dict[str, str], status: str = "200") -> bytes:
    """Build a filter that answers with these messages and trailers."""
    framed = b"".join(b"\0" + len(each).to_bytes(4, "big") + each.encode() for each in messages)
    return probe(
        On(
            "response_headers",
            *(remove(2, "content-length"), replace(2, "content-type", "application/grpc")),
            replace(2, ":status", status),
        ),
        On(
            "response_body",
            Do("proxy_set_buffer_bytes", 1, 0, 100_000, Text(framed)),
            *(add(3, name, value) for name, value in trailers.items()),
            returns=UNTIL_THE_END,
        ),
    )


def calling(name: str, messages: list[str], trailers: dict[str, str]) -> WithServer:
    document: dict[str, Any] = {
        "replies": [
            {
                "cluster": "grpc",
                "headers": [["date", "Mon, 23 Nov 2026 00:00:00 GMT"]],
                "body": {"chunks": messages},
                "trailers": [list(each) for each in trailers.items()],
            }
        ]
    }
    module = probe(
        On(
            "request_headers",
            Do("proxy_grpc_call", *NAMES, Text("question"), 5000, Word(), keep=0),
            returns=1,
        ),
        On("grpc_receive_initial_metadata"),
        On("grpc_receive", read(5), STATUS, act_for(2), go_on(0)),
        On("grpc_receive_trailing_metadata"),
        CLOSED,
        *ENDING,
    )
    return WithServer(Case(f"grpc: {name}", [module], document), serving(messages, trailers))


def streaming(name: str, messages: list[str], trailers: dict[str, str]) -> WithServer:
    document: dict[str, Any] = {
        "replies": [
            {
                "cluster": "grpc",
                "headers": [["date", "Mon, 23 Nov 2026 00:00:00 GMT"]],
                "body": {"chunks": messages},
                "trailers": [list(each) for each in trailers.items()],
            }
        ]
    }
    module = probe(
        On(
            "request_headers",
            Do("proxy_grpc_stream", *NAMES, Word(), keep=0),
            Do("proxy_grpc_send", Kept(0), Text("hi"), 1),
            returns=1,
        ),
        On("grpc_receive_initial_metadata", pairs(4)),
        On("grpc_receive", read(5)),
        On("grpc_receive_trailing_metadata", pairs(5)),
        CLOSED,
        *ENDING,
    )
    return WithServer(Case(f"grpc: {name}", [module], document), serving(messages, trailers))


REFUSALS = probe(
    On(
        "request_headers",
        Do("proxy_grpc_call", Text("nope"), *NAMES[1:], Text("x"), 0, Word()),
        Do("proxy_grpc_stream", Text("nope"), *NAMES[1:], Word()),
        Do("proxy_grpc_call", Text(b"\xff"), *NAMES[1:], Text("x"), 0, Word()),
        Do("proxy_grpc_call", Text(b"\x0a\x06\x0a\x04nope"), *NAMES[1:], Text("x"), 0, Word()),
        Do("proxy_grpc_call", -1, 1, *NAMES[1:], Text("x"), 0, Word()),
        *(Do("proxy_grpc_send", token, Text("x"), 0) for token in (0, 5, 1000, 1001, 1002, 1003)),
        *(Do("proxy_grpc_close", token) for token in (0, 5, 1000, 1001, 1002, 1003)),
        *(Do("proxy_grpc_cancel", token) for token in (0, 5, 1000, 1001, 1002, 1003)),
        Do("proxy_grpc_send", 1002, -1, 1, 0),
    ),
    On("grpc_close", STATUS),
    *ENDING,
)
LISTED = [
    calling("a call", ["answer"], {"grpc-status": "0"}),
    calling("a call that fails", [], {"grpc-status": "7", "grpc-message": "no"}),
    streaming("a stream", ["a", "bb"], {"grpc-status": "0"}),
    streaming("a stream that fails", ["a"], {"grpc-status": "9", "grpc-message": "late"}),
    WithServer(
        Case("grpc: refusals", [REFUSALS], {"replies": [{"cluster": "grpc"}]}),
        serving([], {}),
    ),
]
