"""Callouts over HTTP, shared data, shared queues and metrics."""

from __future__ import annotations

from typing import Any

from tests.wasmhub.proxywasm.host.cases.writing import (
    CHECK,
    GRANTED,
    POST,
    Cases,
    act_for,
    add,
    get,
    go_on,
    http_call,
    pairs,
    read,
    reply,
    share,
    shared,
    size,
)
from tests.wasmhub.proxywasm.host.probes import Data, Do, Kept, Long, On, Text, Wat, Word

cases = Cases("callouts")
LOOK = On(
    "http_call_response",
    *(pairs(6), pairs(7), read(4), get(6, ":status"), get(6, "x-r")),
    *(Do("proxy_get_status", Word(), Data()), size(6), add(6, "x", "y"), act_for(2), pairs(0)),
    *(pairs(6), add(0, "x-allowed", "yes"), go_on(0), pairs(0)),
)
RESUME = On("http_call_response", act_for(2), go_on(0))
OTHER = ((":path", "/other"), (":method", "GET"), (":authority", "auth"))


def _answered(**answer: Any) -> dict[str, Any]:
    return {"replies": [{"cluster": "auth", **answer}]}


cases.probe(
    "that are wrong",
    On(
        "request_headers",
        *(http_call("nope"), http_call(headers=[]), http_call(headers=CHECK[:2])),
        *(http_call(headers=CHECK[1:]), http_call(headers=(CHECK[0], CHECK[2]))),
        http_call(milliseconds=-1),
        Do("proxy_http_call", -1, 1, *[0] * 8),
        Do("proxy_http_call", Text("auth"), 0, 0, -1, 1, *[0] * 4),
        Do("proxy_http_call", Text("auth"), *[0] * 7, -1),
    ),
    document=GRANTED,
)
cases.probe(
    "that let a request pass",
    On("request_headers", http_call(), pairs(6), read(4), returns=1),
    LOOK,
    On("response_headers", pairs(2)),
    document=GRANTED,
)
ASKING = ((":path", "/check"), (":method", "POST"), ("host", "h"), ("x-q", "1"), ("x-q", "2"))
cases.probe(
    "with a body",
    On("request_headers", http_call("auth", ASKING, "the body", [("x-t", "1")]), returns=1),
    LOOK,
    On("request_body", read(0)),
    document=GRANTED | POST,
)
for name, document in {
    "trailers": _answered(body={"chunks": ["a", "b"]}, trailers=[["x-t", "1"]]),
    "404": _answered(status=404),
    "204": _answered(status=204),
}.items():
    cases.probe(
        f"answered with {name}",
        On("request_headers", http_call(), returns=1),
        LOOK,
        document=document,
    )
cases.probe(
    "that deny",
    On("request_headers", http_call(), returns=1),
    On("http_call_response", act_for(2), reply(403, "denied")),
    On("response_headers", pairs(2)),
    document=GRANTED,
)
cases.probe(
    "without an answer",
    On("request_headers", http_call(headers=OTHER, milliseconds=200), returns=1),
    LOOK,
    document=GRANTED,
)
cases.probe(
    "in a body",
    On("request_body", http_call(), read(0), returns=1),
    On("http_call_response", act_for(2), read(0), pairs(0), go_on(0)),
    document=GRANTED | POST,
)
cases.probe(
    "in a response",
    On("response_headers", http_call(), returns=1),
    On(
        "http_call_response",
        *(read(4), act_for(2), pairs(2), add(2, "x-checked", "1"), go_on(1), pairs(2)),
    ),
    document=GRANTED,
)
cases.probe(
    "two at once",
    On("request_headers", http_call(), http_call(), returns=1),
    RESUME,
    document=GRANTED,
)
cases.probe(
    "that nobody waits for",
    On("request_headers", http_call(), returns=1),
    document=GRANTED,
    silent=True,
)
cases.probe(
    "whose answer traps",
    On("request_headers", http_call(), returns=1),
    On("http_call_response", Wat("unreachable")),
    document=GRANTED,
    silent=True,
)
cases.probe(
    "with 0.1.0",
    On("request_headers", http_call(), returns=1),
    On("http_call_response", act_for(2), Do("proxy_continue_request")),
    On("response_headers"),
    document=GRANTED,
    abi="0_1_0",
)
cases.probe(
    "with 0.1.0, in a response",
    On("response_headers", http_call(), returns=1),
    On("http_call_response", act_for(2), Do("proxy_continue_response")),
    document=GRANTED,
    abi="0_1_0",
)

state = Cases("shared")
state.probe(
    "data",
    On(
        "request_headers",
        *(shared("k"), share("k", "v1"), shared("k"), share("k", "v2", 99), share("", "e")),
        *(shared("k"), share("e", ""), share("n", "x", 5)),
        Do("proxy_get_shared_data", -1, 5, Data(), Word()),
        Do("proxy_set_shared_data", -1, 5, 0, 0, 0),
        Do("proxy_set_shared_data", Text("k"), -1, 5, 0),
        Do("proxy_get_shared_data", Text("k"), Data(), -1),
        Do("proxy_get_shared_data", Text("k"), -1, 0, 0),
    ),
)


def _queue(token: Any, value: str) -> Do:
    return Do("proxy_enqueue_shared_queue", token, Text(value))


def _next(token: Any) -> Do:
    return Do("proxy_dequeue_shared_queue", token, Data())


REGISTER = On(
    "configure",
    Do("proxy_register_shared_queue", Text("q"), Word(), keep=0, quiet=True),
    returns=1,
)
state.probe(
    "queue",
    REGISTER,
    On(
        "request_headers",
        Do("proxy_resolve_shared_queue", Text("nope"), Text("q"), Word()),
        Do("proxy_resolve_shared_queue", Text(""), Text("nope"), Word()),
        Do("proxy_resolve_shared_queue", Text(""), -1, 1, 0),
        Do("proxy_register_shared_queue", -1, 1, 0),
        *(_queue(Kept(0), "a"), _queue(Kept(0), "bb"), _queue(99_999, "x"), _next(99_999)),
        *(_next(Kept(0)), Do("proxy_dequeue_shared_queue", Kept(0), -1, 0)),
        *(_next(Kept(0)), Do("proxy_enqueue_shared_queue", Kept(0), -1, 1)),
    ),
    ending=(),
)
state.probe(
    "queue that resumes",
    REGISTER,
    On("request_headers", _queue(Kept(0), "a"), returns=1),
    On("queue_ready", _next(Kept(0)), act_for(2), go_on(0), pairs(0)),
)


def _define(kind: int, name: str, keep: int) -> Do:
    return Do("proxy_define_metric", kind, Text(name), Word(), keep=keep)


def _increment(metric: Any, by: int) -> Do:
    return Do("proxy_increment_metric", metric, Long(by))


def _record(metric: Any, value: int) -> Do:
    return Do("proxy_record_metric", metric, Long(value))


def _value(metric: Any) -> Do:
    return Do("proxy_get_metric", metric, Word(8))


state.probe(
    "metrics",
    On(
        "request_headers",
        *(_define(kind, f"own_{kind}", kind) for kind in (0, 1, 2)),
        *(_define(0, "other", 3), _define(0, "own_0", 4), _define(3, "x", 5), _define(-1, "x", 5)),
        *(_increment(Kept(0), by) for by in (5, 0, -1)),
        *(_increment(Kept(1), by) for by in (5, -3, 0)),
        _increment(Kept(2), 1),
        *(_record(Kept(at), 3 + at) for at in (0, 1, 2)),
        *(_value(Kept(at)) for at in (0, 1, 2, 4)),
        *(_increment(unknown, 1) for unknown in (1000, 1001, 1002, 1003)),
        *(_record(unknown, 1) for unknown in (1000, 1001, 1002, 1003)),
        *(_value(unknown) for unknown in (1000, 1001, 1002, 1003)),
        Do("proxy_get_metric", Kept(0), -1),
        Do("proxy_define_metric", 0, -1, 1, 0),
        Do("proxy_define_metric", 0, Text("z"), -1),
    ),
)
