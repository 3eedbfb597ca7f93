"""Going on, closing, answering, failing: what ends or resumes a stream."""

from __future__ import annotations

from tests.wasmhub.proxywasm.host.cases.writing import (
    CHUNKS,
    HTTP_CALLBACKS,
    POST,
    TRAILERS,
    Cases,
    act_for,
    close,
    get,
    go_on,
    pairs,
    prop,
    read,
    remove,
    replace,
    reply,
    tick_every,
    write,
)
from tests.wasmhub.proxywasm.host.probes import Data, Do, On, Text, Wat, Word

cases = Cases("streams")
TRAP = Wat("unreachable")

# Going on with a response that has not begun makes Envoy 1.40 crash, so 1 is left out.
for number in (0, 2, 3, 4):
    cases.probe(
        f"continue {number} in headers",
        On("request_headers", go_on(number), pairs(0)),
        On("request_body", pairs(0)),
        document=POST,
    )
    for side in ("request", "response"):
        cases.probe(
            f"close {number} in {side} headers",
            On(f"{side}_headers", close(number), pairs(0)),
            On("response_body"),
            document=POST,
        )
cases.probe("close in a body", On("response_body", close(1)), document=CHUNKS)
cases.probe(
    "other contexts",
    On(
        "request_headers",
        *(act_for(99), pairs(0), act_for(0), pairs(0), act_for(1), get(0, ":path"), read(7)),
        *(act_for(2), get(0, ":path"), Do("proxy_done")),
    ),
)
cases.probe(
    "a tick resumes",
    On("request_headers", tick_every(50), returns=1),
    On("tick", tick_every(0), act_for(2), go_on(0)),
)
cases.probe(
    "a tick answers",
    On("request_headers", tick_every(30), returns=1),
    On("tick", tick_every(0), act_for(2), reply(429, "late")),
    On("response_headers", pairs(2)),
    document=POST,
)
for where in HTTP_CALLBACKS:
    for result in (0, 1):
        answer = reply(418, "teapot", [("x-l", "1"), ("x-l", "2")], -1, "my  details")
        cases.probe(
            f"answered in {where}, {result}",
            On(where, answer, pairs(0), get(2, ":status"), returns=result),
            *(
                On(each, pairs(2 if "response" in each else 0))
                for each in HTTP_CALLBACKS
                if each != where
            ),
            document=TRAILERS,
            ending=(
                On("log", pairs(0), get(2, ":status"), prop("response", "code_details")),
                On("done", returns=1),
                On("delete"),
            ),
        )
    cases.probe(
        f"trap in {where}",
        On(where, TRAP),
        *(
            On(each, pairs(2 if "response" in each else 0))
            for each in HTTP_CALLBACKS
            if each != where
        ),
        document=TRAILERS,
    )
for where in ("context_create", "log", "done", "delete"):
    cases.probe(
        f"trap in {where}", On(where, TRAP), On("request_headers"), document=POST, ending=()
    )
for name, instructions in {
    "division": "(drop (i32.div_s (i32.const 1) (i32.const 0)))",
    "overflow": "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
    "memory": "(drop (i32.load (i32.const -5)))",
    "conversion": "(drop (i32.trunc_f32_s (f32.const 1e30)))",
}.items():
    cases.probe(
        f"trap by {name}",
        On("request_headers", Wat(instructions)),
        On("response_headers", pairs(2)),
    )
ANSWERS = {
    "nothing": reply(204),
    "500": reply(500),
    "a type": reply(200, "x", [("content-type", "text/html")]),
    "no body but a type": reply(200, "", [("content-type", "text/html"), ("content-length", "5")]),
    "a wrong length": reply(200, "hello", [("content-length", "3"), ("Server", "me")]),
    "a status among the headers": reply(200, "a", [(":status", "404")]),
    "a status of gRPC": reply(403, "no", [], 7),
    "999": reply(999, "x"),
    "304 with a body": reply(304, "body"),
    "a redirect": reply(302, "", [("location", "/x")]),
    "vary twice": reply(
        200, "", [("vary", "a"), ("vary", "b"), ("set-cookie", "a"), ("set-cookie", "b")]
    ),
}
for name, step in ANSWERS.items():
    cases.probe(
        f"answered with {name}",
        On("request_headers", step),
        On("response_headers", pairs(2)),
        On("response_body", read(1)),
    )
GRPC = {"method": "POST", "headers": [["content-type", "application/grpc"]], "body": "x"}
cases.probe(
    "answered to gRPC",
    On("request_headers", reply(403, "no way ü\n%", [("x-l", "1")])),
    On("response_headers", pairs(2)),
    document={"request": GRPC},
)
cases.probe(
    "answered to gRPC with its status",
    On("request_headers", reply(403, "", [("x-l", "1")], 9)),
    On("response_headers", pairs(2)),
    document={"request": GRPC | {"headers": [["content-type", "application/grpc+proto"]]}},
)
cases.probe(
    "answered to HEAD",
    On("request_headers", reply(200, "hello")),
    On("response_headers", pairs(2)),
    On("response_body"),
    document={"request": {"method": "HEAD"}},
)
cases.probe(
    "answered twice",
    On("request_headers", reply(401, "a"), reply(402, "b")),
    On("response_headers", pairs(2)),
)
cases.probe(
    "an answer answered",
    On("request_headers", reply(401, "a")),
    On("response_headers", reply(402, "b"), replace(2, "x", "y")),
    On("response_body", read(1)),
)
cases.probe(
    "an answer changed",
    On("request_headers", reply(401, "a")),
    On("response_headers", remove(2, "content-length")),
    On("response_body", write(1, 0, 0, "xx"), read(1)),
)
cases.probe(
    "an answer paused",
    On("request_headers", reply(401, "abc")),
    On("response_headers", returns=1),
    silent=True,
)
OUTSIDE = [
    Do("proxy_log", 0, -1, 1),
    Do("proxy_log", 6, -1, 1),
    Do("proxy_get_current_time_nanoseconds", -1),
    Do("proxy_get_status", -1, 0, 0),
    Do("proxy_get_status", 0, -1, 0),
    Do("proxy_get_log_level", -1),
    Do("proxy_get_log_level", Word()),
    Do("proxy_send_local_response", 200, -1, 1, 0, 0, 0, 0, -1),
    Do("proxy_send_local_response", 200, 0, 0, 0, -1, 0, 0, -1),
]
cases.probe("places outside of memory", On("request_headers", *OUTSIDE))
cases.probe(
    "logs",
    On(
        "request_headers",
        *(Do("proxy_log", level, Text(f"level {level}")) for level in (0, 1, 2, 3, 4, 5, 6, -1)),
        *(Do("proxy_log", 2, Text(text)) for text in ("", 'two\nlines "quoted" tab\t', "ü€")),
    ),
)
cases.probe(
    "calls while it starts",
    On("context_create", read(7, 0, 10), prop("plugin_root_id"), pairs(0)),
    On("vm_start", read(6, 0, 10), read(7, 0, 10), pairs(0), returns=7),
    On("configure", reply(200, "x"), go_on(0), close(0), tick_every(0), returns=5),
    document={"config": "conf", "root_id": "r"},
)
cases.probe(
    "configuration, 0_1_0",
    On("configure", Do("proxy_get_configuration", Data()), returns=1),
    On(
        "request_headers",
        *(Do("proxy_get_configuration", Data()), get(0, "nope"), Do("proxy_clear_route_cache")),
    ),
    document={"config": "abc"},
    abi="0_1_0",
)
