"""Headers and trailers: reading, changing, and what Envoy does with the result."""

from __future__ import annotations

from typing import Any

from tests.wasmhub.proxywasm.host.cases.writing import (
    HTTP_CALLBACKS,
    POST,
    TRAILERS,
    Cases,
    add,
    encoded,
    get,
    length,
    pairs,
    read,
    remove,
    replace,
    size,
)
from tests.wasmhub.proxywasm.host.probes import Data, Do, On, Text, Word
from wasmhub.proxywasm.host.envoy_headers import (
    JOINED_IN_REQUESTS,
    JOINED_IN_RESPONSES,
    REMOVED_FROM_REQUESTS,
)

cases = Cases("maps")
ON_LOG = (
    On("log", pairs(0), get(2, "content-length"), get(2, ":status"), get(2, "x-u")),
    On("done", returns=1),
    On("delete"),
)

EVERYTHING = [
    *(pairs(kind) for kind in range(9)),
    *(get(kind, ":path") for kind in range(9)),
    *(size(kind) for kind in range(9)),
    *(length(kind) for kind in range(10)),
    *(read(kind, 0, 100) for kind in range(10)),
    Do("proxy_get_status", Word(), Data()),
]
PROBE = [
    On("context_create"),
    On("vm_start", returns=1),
    On("configure", *EVERYTHING, returns=1),
    *(On(name, *EVERYTHING) for name in HTTP_CALLBACKS),
    On("log", *EVERYTHING),
    On("done", *EVERYTHING, returns=1),
    On("delete", *EVERYTHING),
]
REQUESTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "post": {
        "request": {
            "method": "POST",
            "path": "/x?y",
            "headers": [["x-a", "1"], ["accept", "b"], ["x-a", "2"], ["X-B", ""]],
            "body": "hello",
        },
        "config": "conf",
        "root_id": "rid",
    },
    "trailers": TRAILERS,
    "chunks up": {
        "upstream": {
            "status": 404,
            "headers": [["x-r", "1"], ["x-r", "2"], ["server", "s"], ["content-type", "text/html"]],
            "body": {"chunks": ["aa", "bb"]},
        }
    },
    "empty up": {"upstream": {"status": 200, "body": ""}},
    "204": {"upstream": {"status": 204}},
    "304": {"upstream": {"status": 304}},
    "head": {"request": {"method": "HEAD"}},
    "options": {"request": {"method": "OPTIONS", "path": "/o"}},
    "put": {"request": {"method": "PUT", "body": ""}},
    "delete": {"request": {"method": "DELETE"}},
    "hop by hop": {
        "request": {
            "headers": [
                ["connection", "keep-alive, x-a"],
                ["x-a", "1"],
                ["keep-alive", "5"],
                ["te", "trailers, gzip"],
                ["upgrade", "h2c"],
                ["x-forwarded-proto", "https"],
                ["x-envoy-foo", "1"],
                ["x-request-id", "abc"],
            ]
        }
    },
    "several": {
        "request": {
            "headers": [
                ["te", "gzip"],
                ["cookie", "a=1"],
                ["cookie", "b=2"],
                ["accept", "a"],
                ["accept", "b"],
                ["user-agent", "u"],
                ["user-agent", "v"],
            ]
        }
    },
}
for version in ("0_1_0", "0_2_0", "0_2_1"):
    for each, request in REQUESTS.items():
        if version == "0_2_1" or each in ("plain", "post", "trailers"):
            cases.probe(
                f"all of them, {version}, {each}", *PROBE, document=request, ending=(), abi=version
            )

cases.probe(
    "changes",
    On(
        "request_headers",
        *(replace(0, "x-a", "new"), pairs(0), replace(0, "X-New", "1"), add(0, "X-New", "2")),
        *(remove(0, "X-B"), remove(0, "nope"), add(0, "accept", "a"), add(0, "accept", "b")),
        *(replace(0, ":path", "/changed?x=1"), replace(0, ":authority", "other")),
        *(replace(0, ":method", "PUT"), get(0, "X-NEW"), add(0, "", "v"), add(0, "x-empty", "")),
        *(get(0, "host"), pairs(0), size(0)),
    ),
    On(
        "response_headers",
        *(replace(2, ":status", "299"), add(2, "set-cookie", "a"), add(2, "set-cookie", "b")),
        *(add(0, "x", "y"), pairs(0), pairs(2)),
    ),
    document=POST,
    ending=ON_LOG,
)
ALL_NEW = [
    *((":path", "/p"), (":method", "POST"), (":authority", "h"), ("x-forwarded-proto", "http")),
    *(("b", "1"), ("A", "2"), ("b", "3")),
]
cases.probe(
    "all at once",
    On("request_headers", Do("proxy_set_header_map_pairs", 0, Text(encoded(ALL_NEW))), pairs(0)),
    On(
        "response_headers",
        Do("proxy_set_header_map_pairs", 2, Text(encoded([("x", "1"), (":status", "201")]))),
        pairs(2),
    ),
    document=POST,
    ending=ON_LOG,
)
for at, data in enumerate(
    [
        b"",
        b"\0",
        b"\0\0\0\0",
        b"\1\0\0\0",
        b"\1\0\0\0\1\0\0\0\1\0\0\0a\0b\0",
        b"\1\0\0\0\1\0\0\0\1\0\0\0a\0b\1",
        b"\1\0\0\0\1\0\0\0\1\0\0\0a\0b\0x",
        b"\1\0\0\0\1\0\0\0\1\0\0\0a1b\0",
        b"\xff\xff\xff\xff" + b"\0" * 8,
        b"\1\0\0\0\xff\xff\xff\xff\1\0\0\0a\0b\0",
    ]
):
    cases.probe(
        f"pairs of {at}",
        On(
            "response_headers",
            Do("proxy_set_header_map_pairs", 2, Text(data)),
            *(pairs(2), replace(2, ":status", "200")),
        ),
    )
for version in ("0_1_0", "0_2_0", "0_2_1"):
    for name in (":path", ":method", ":authority", ":scheme", "x-forwarded-proto", "nope"):
        cases.probe(
            f"a request without {name}, {version}",
            On("request_headers", remove(0, name), get(0, name), pairs(0)),
            ending=ON_LOG,
            abi=version,
        )
for value in ("abc", "99", ""):
    cases.probe(
        f"the status {value}",
        On("response_headers", replace(2, ":status", value), pairs(2)),
        ending=ON_LOG,
    )
cases.probe("no status", On("response_headers", remove(2, ":status")), ending=ON_LOG)
cases.probe("no length", On("response_headers", remove(2, "content-length")))
cases.probe(
    "a request without its length",
    On("request_headers", remove(0, "content-length")),
    document=POST,
)
cases.probe(
    "trailers",
    On("request_trailers", pairs(1), remove(1, "x-t"), add(1, "x-new", "n"), size(1)),
    On("response_trailers", remove(3, "x-ut"), replace(3, "x-new", "m"), pairs(3)),
    document=TRAILERS,
)
OUTSIDE = [
    *(Do("proxy_get_header_map_value", 0, *each) for each in ((-1, 5, Data()), (0, -1, Data()))),
    *(Do("proxy_get_header_map_value", 0, Text("x-a"), *each) for each in ((-1, 0), (0, -1))),
    Do("proxy_get_header_map_value", 0, Text("nope"), -1, -1),
    *(Do("proxy_get_header_map_pairs", *each) for each in ((0, -1, 0), (0, 0, -1), (1, -1, 0))),
    *(Do("proxy_get_header_map_size", kind, -1) for kind in (0, 2, 9)),
    *(Do("proxy_set_header_map_pairs", kind, -1, 5) for kind in (0, 5, 9)),
    *(Do("proxy_add_header_map_value", kind, -1, 1, Text("a")) for kind in (0, 2, 9)),
    *(Do("proxy_replace_header_map_value", kind, Text("a"), -1, 1) for kind in (0, 2, 9)),
    *(Do("proxy_remove_header_map_value", kind, -1, 1) for kind in (0, 2, 9)),
    pairs(0),
]
cases.probe("places outside of memory", On("request_headers", *OUTSIDE), document=POST)


def _twice(kind: int, names: frozenset[bytes]) -> list[Do]:
    added = [
        add(kind, name.decode(), value, quiet=True)
        for name in sorted(names | {b"cookie", b"set-cookie", b"link", b"x-own", b"x-b3-traceid"})
        for value in ("v1", "v2")
    ]
    return [*added, pairs(kind)]


ANSWER = Do("proxy_send_local_response", 200, *[0] * 6, -1)
# One of them makes Envoy tell the client the request's id.
ALL_NAMES = (JOINED_IN_REQUESTS | JOINED_IN_RESPONSES) - {b"x-envoy-force-trace"}
cases.probe(
    "all known names twice in a request",
    On("request_headers", *_twice(0, ALL_NAMES), ANSWER),
)
cases.probe(
    "all known names twice in a response",
    On(
        "response_headers",
        *_twice(2, ALL_NAMES),
        Do("proxy_set_header_map_pairs", 2, Text(encoded([(":status", "200")]))),
    ),
)
cases.probe(
    "all known names twice in trailers",
    On("request_trailers", *_twice(1, ALL_NAMES), ANSWER),
    document=TRAILERS,
)
for at in range(0, len(REMOVED_FROM_REQUESTS), 10):
    listed = [each.decode() for each in sorted(REMOVED_FROM_REQUESTS)][at : at + 10]
    sent = [[each, "v"] for each in listed if each not in ("connection", "transfer-encoding")]
    cases.probe(
        f"headers that filters never see, from {at}",
        On("request_headers", pairs(0)),
        document={"request": {"headers": sent}},
    )
