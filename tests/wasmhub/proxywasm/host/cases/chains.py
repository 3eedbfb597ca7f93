"""Several filters on one request, and network filters on one connection."""

from __future__ import annotations

from typing import Any

from tests.wasmhub.proxywasm.host.cases.callouts import LOOK
from tests.wasmhub.proxywasm.host.cases.writing import (
    ENDING,
    GRANTED,
    TRAILERS,
    UNTIL_THE_END,
    Cases,
    act_for,
    add,
    close,
    go_on,
    http_call,
    pairs,
    prop,
    read,
    remove,
    reply,
    share,
    shared,
    tick_every,
    write,
)
from tests.wasmhub.proxywasm.host.probes import Do, On, Text, Wat, probe

cases = Cases("chains")


def marking(name: str, request: int | str = 0, response: int | str = 0) -> bytes:
    """Build a filter that leaves its name everywhere; the two are the results of its bodies."""
    said = Do("proxy_log", 2, Text(name), quiet=True)
    return probe(
        On("configure", said, returns=1),
        On("request_headers", said, pairs(0), add(0, "x-chain", name), remove(0, "content-length")),
        On("request_body", said, read(0), write(0, 0, 0, name), returns=request),
        On("request_trailers", said, pairs(1)),
        On(
            "response_headers", said, pairs(2), add(2, "x-chain", name), remove(2, "content-length")
        ),
        On("response_body", said, read(1), write(1, 0, 0, name), returns=response),
        On("response_trailers", said, pairs(3)),
        On("log", said),
        On("done", said, returns=1),
        On("delete", said),
    )


BODY = {
    "request": {"method": "POST", "headers": [["x-a", "1"]], "body": {"chunks": ["one", "two"]}}
}
A, B, C = marking("A"), marking("B"), marking("C")
cases.module("two", A, B, document=BODY)
cases.module("three", A, B, C, document=BODY)
cases.module("three, no body", A, B, C)
cases.module("three, trailers", A, B, C, document=TRAILERS)
for side, keeping in (
    ("request", marking("X", request=UNTIL_THE_END)),
    ("response", marking("X", response=UNTIL_THE_END)),
):
    for at in range(3):
        listed = [A, B]
        listed.insert(at, keeping)
        cases.module(f"{side} kept in place {at}", *listed, document=BODY)
        cases.module(f"{side} kept in place {at}, trailers", *listed, document=TRAILERS)
BOTH = [marking(name, UNTIL_THE_END, UNTIL_THE_END) for name in "XY"]
cases.module("all keep", *BOTH, document=BODY)
cases.module("all keep, trailers", *BOTH, document=TRAILERS)
cases.module(
    "all keep for the trailers", *[marking(each, 1, 1) for each in "XY"], document=TRAILERS
)
for where in ("request_headers", "request_body", "response_headers", "response_body"):
    answering = probe(On(where, reply(418, "R!", [("x-r", "1")])), *ENDING)
    for at in range(3):
        listed = [A, B]
        listed.insert(at, answering)
        cases.module(f"answered in {where} in place {at}", *listed, document=BODY)
    trapping = probe(On(where, Wat("unreachable")), *ENDING)
    for at in range(2):
        listed = [A]
        listed.insert(at, trapping)
        cases.module(f"trap in {where} in place {at}", *listed, document=BODY)
asking = probe(On("request_headers", http_call(), returns=1), LOOK, On("request_body", read(0)))
for at in range(3):
    listed = [A, B]
    listed.insert(at, asking)
    cases.module(f"a callout in place {at}", *listed, document=GRANTED | BODY)
    cases.module(f"a callout in place {at}, trailers", *listed, document=GRANTED | TRAILERS)
cases.module(
    "shared data",
    probe(On("request_headers", share("k", "v"))),
    probe(On("request_headers", shared("k"))),
)
cases.module(
    "one pauses",
    *(A, probe(On("request_headers", returns=1)), B),
    document=BODY,
    silent=True,
)

connections = Cases("connections")


def tcp(
    name: str,
    *callbacks: On,
    down: tuple[str, ...] = ("ping",),
    up: tuple[str, ...] = ("pong",),
    silent: bool = False,
) -> None:
    document = {
        "connection": {"downstream": {"chunks": list(down)}, "upstream": {"chunks": list(up)}}
    }
    connections.probe(name, *callbacks, document=document, silent=silent)


def watching(
    *,
    new: int = 0,
    down: Any = 0,
    up: Any = 0,
    on_down: tuple[Do, ...] = (),
    on_up: tuple[Do, ...] = (),
) -> list[On]:
    return [
        On("context_create"),
        On("new_connection", returns=new),
        On("downstream_data", read(2), read(3), read(0), *on_down, returns=down),
        On("upstream_data", read(3), read(2), *on_up, returns=up),
        On("downstream_connection_close", read(2)),
        On("upstream_connection_close"),
    ]


tcp("watched", *watching())
tcp("in pieces", *watching(), down=("a", "b"), up=("c", "d"))
tcp("without an answer", *watching(), up=())
tcp(
    "changed",
    *watching(
        on_down=(write(2, 0, 0, "<"), write(2, 9999, 0, ">")), on_up=(write(3, 0, 9999, "NEW"),)
    ),
)
tcp("stopped at once", *watching(new=1), silent=True)
tcp("stopped", *watching(down=1), down=("a", "b"), silent=True)
tcp("kept", *watching(down=UNTIL_THE_END), down=("a", "b"))
tcp("kept from the upstream", *watching(up=UNTIL_THE_END), up=("c", "d"))
tcp("closed", *watching(on_down=(close(2),)))
tcp("closed upstream", *watching(on_down=(close(3),)))
tcp("closed by the answer", *watching(on_up=(close(2),)))
tcp("closed upstream by the answer", *watching(on_up=(close(3),)))
tcp("resumed", *watching(on_down=(go_on(2),), down=1))
tcp("resumed otherwise", *watching(on_down=(go_on(3), go_on(0), go_on(1))))
for where in ("new_connection", "downstream_data", "upstream_data"):
    tcp(f"trap in {where}", On(where, Wat("unreachable")))
tcp("unwatched")
PATHS = "request.protocol connection.mtls plugin_name request.path response.code xds.route_name"
tcp(
    "asked as if it were HTTP",
    On(
        "downstream_data",
        *(reply(200, "x"), pairs(0), add(0, "a", "b")),
        *(prop(*path.split(".")) for path in PATHS.split()),
        *(prop("request", "size"), prop("request", "headers")),
    ),
)
tcp(
    "resumed by a tick",
    On("new_connection", tick_every(250), returns=1),
    On("tick", tick_every(0), act_for(2), go_on(2)),
    On("downstream_data", read(2)),
)
