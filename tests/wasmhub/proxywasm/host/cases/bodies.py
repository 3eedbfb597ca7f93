"""Bodies: reading, changing, keeping them back, and what results of callbacks do."""

from __future__ import annotations

from typing import Any

from tests.wasmhub.proxywasm.host.cases.writing import (
    CHUNKS,
    POST,
    TRAILERS,
    UNTIL_THE_END,
    Cases,
    add,
    pairs,
    read,
    remove,
    write,
)
from tests.wasmhub.proxywasm.host.probes import Do, On, Text, Word

cases = Cases("bodies")
ANY_LENGTH = (
    On("request_headers", remove(0, "content-length")),
    On("response_headers", remove(2, "content-length")),
)

cases.probe(
    "reads and writes",
    On(
        "request_body",
        *(read(0), read(0, 2, 3), read(0, 100, 3), read(0, 5, -1), write(0, 0, 0, "PRE"), read(0)),
        *(write(0, 1, 2, "x"), write(0, 0, 2, "x"), write(0, 100, 0, "END"), read(0)),
        *(write(0, 0, 1000, "ALL"), read(0), write(0, 3, 0, "+"), read(0), write(0, 0, -1, "")),
        *(write(kind, 0, 0, "x") for kind in range(1, 10)),
        *(write(0, 0, 0, "last"), read(0)),
    ),
    On("response_body", read(1), write(1, 0, 0, "<"), write(1, 9999, 9999, ">"), read(0)),
    *ANY_LENGTH,
    document=POST,
)
cases.probe(
    "places outside of memory",
    On(
        "request_body",
        *(Do("proxy_get_buffer_bytes", 0, 0, 10, *each) for each in ((-1, 0), (0, -1))),
        *(Do("proxy_get_buffer_bytes", 0, 0, 0, *each) for each in ((-1, 0), (0, -1))),
        *(Do("proxy_get_buffer_status", 0, *each) for each in ((-1, 0), (0, -1))),
        *(Do("proxy_get_buffer_status", kind, Word(), Word()) for kind in (0, 7, 9, -1)),
        *(Do("proxy_set_buffer_bytes", 0, 0, 0, *each) for each in ((-1, 1), (0, -1))),
        Do("proxy_set_buffer_bytes", -1, 0, 0, Text("x")),
    ),
    document=POST,
)
cases.probe(
    "before there is one",
    On("request_headers", write(0, 0, 0, "early"), read(0), write(1, 0, 0, "early")),
    On("request_body", read(0)),
)
KEEPING: dict[str, dict[str, Any]] = {
    "get": {},
    "post": POST,
    "chunks": CHUNKS,
    "trailers": TRAILERS,
}
for name, document in KEEPING.items():
    cases.probe(
        f"kept until the end, {name}",
        *ANY_LENGTH,
        On("request_body", read(0), write(0, 0, 0, "<"), returns=UNTIL_THE_END),
        On("response_body", read(1), write(1, 0, 0, "("), returns=UNTIL_THE_END),
        On("request_trailers", read(0)),
        On("response_trailers", read(1)),
        document=document,
    )
    cases.probe(
        f"dropped until the end, {name}",
        *ANY_LENGTH,
        On("request_body", read(0), returns=UNTIL_THE_END.replace("const 1", "const 3")),
        On("response_body", read(1), returns=UNTIL_THE_END.replace("const 1", "const 3")),
        document=document,
    )
    cases.probe(
        f"kept with the watermark until the end, {name}",
        *ANY_LENGTH,
        On("request_body", read(0), returns=UNTIL_THE_END.replace("const 1", "const 2")),
        On("response_body", read(1), returns=UNTIL_THE_END.replace("const 1", "const 2")),
        document=document,
    )
    cases.probe(
        f"trailers added, {name}",
        *ANY_LENGTH,
        On("request_body", add(1, "x-added", "1"), pairs(1)),
        On("request_trailers", pairs(1)),
        On("response_body", add(3, "x-added", "2"), pairs(3)),
        On("response_trailers", pairs(3)),
        document=document,
    )
cases.probe(
    "kept for the trailers",
    On("request_body", read(0), returns=1),
    On("request_trailers", read(0), write(0, 0, 0, "T"), pairs(1), add(1, "X-Y", "z"), pairs(0)),
    On("response_body", read(1), returns=1),
    On("response_trailers", read(1), write(1, 0, 0, "T"), add(3, "x-z", "1"), remove(3, "x-ut")),
    document=TRAILERS,
)
cases.probe(
    "trailers added with the headers",
    On("request_headers", add(1, "x-added", "1")),
    On("response_headers", add(3, "x-added", "2")),
)
LARGE = {"chunks": ["x" * 600_000, "y" * 600_000]}
cases.probe(
    "too much of a request kept",
    On("request_body", returns=UNTIL_THE_END),
    document={"request": {"method": "POST", "body": LARGE}},
)
cases.probe(
    "too much of a response kept",
    On("response_body", returns=UNTIL_THE_END),
    document={"upstream": {"body": LARGE}},
)
cases.probe(
    "much passed on",
    On("request_body"),
    On("response_body", remove(2, "x")),
    document={"request": {"method": "POST", "body": LARGE}, "upstream": {"body": "ok"}},
    ending=(),
)
for result in (1, 2, 3, 4, 5, -1):
    passes = result == 2
    cases.probe(
        f"request headers answered with {result}",
        On("request_headers", returns=result),
        On("request_body", read(0)),
        document=POST,
        silent=not passes,
    )
    cases.probe(
        f"response headers answered with {result}",
        On("response_headers", returns=result),
        On("response_body", read(1)),
        silent=not passes,
    )
    for side, document in (("request", CHUNKS), ("response", CHUNKS)):
        cases.probe(
            f"{side} body answered with {result}",
            On(f"{side}_body", read(int(side == "response")), returns=result),
            document=document,
            silent=True,
        )
    for side in ("request", "response"):
        cases.probe(
            f"{side} trailers answered with {result}",
            On(f"{side}_trailers", returns=result),
            document=TRAILERS,
            silent=True,
        )
