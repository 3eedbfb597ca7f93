"""Properties, foreign functions and WASI."""

from __future__ import annotations

import zlib

from tests.wasmhub.proxywasm.host.cases.writing import (
    TRAILERS,
    Cases,
    pairs,
    prop,
    reply,
    set_prop,
)
from tests.wasmhub.proxywasm.host.probes import Data, Do, Long, On, Text, Wat, Word
from wasmhub.proxywasm.abi import WASI_TYPES

cases = Cases("properties")
# Left out: times, addresses, and whole maps of headers, whose order is none in Envoy.
PATHS = """
    request.path request.url_path request.host request.scheme request.method request.query
    request.protocol request.size request.total_size request.headers.x-a request.headers.nope
    request.headers.:path request.headers.X-A request.referer request.useragent request.id
    request.nope request.path.x request
    response.code response.flags response.grpc_status response.size response.headers.x-u
    response.nope response
    connection.mtls connection.requested_server_name connection.tls_version
    connection.termination_details connection.transport_failure_reason connection
    source.nope node node.id node.metadata plugin_name plugin_name.x plugin_root_id route_name
    cluster_name listener_direction nope xds xds.nope xds.route_name xds.listener_direction
    xds.cluster_metadata xds.route_metadata xds.virtual_host_name xds.virtual_host_metadata
    xds.filter_chain_name xds.listener_metadata xds.upstream_host_metadata
    metadata metadata.filter_metadata metadata.filter_metadata.a filter_state filter_state.x
    upstream_filter_state upstream upstream.tls_version upstream.transport_failure_reason
    upstream.request_attempt_count upstream.sha256_peer_certificate_digest
    upstream_host_metadata cluster_metadata route_metadata listener_metadata endpoint
""".split()
ASKED = [
    *(prop(*path.split(".")) for path in PATHS),
    prop(""),
    Do("proxy_get_property", 0, 0, Data()),
    *(set_prop("mine", "value"), prop("mine"), prop("mine", "x"), set_prop("a\0b", "v2")),
    *(prop("a", "b"), prop("a\0b"), set_prop("request", "bad"), prop("request", "path")),
    *(set_prop("", ""), prop(""), set_prop("xx", "1"), prop("xx", "")),
    Do("proxy_set_property", -1, 1, 0, 0),
    Do("proxy_get_property", -1, 1, 0, 0),
    Do("proxy_get_property", Text("plugin_name"), -1, 0),
]
DETAILS = [prop("response", "code_details"), prop("response", "trailers")]
DOCUMENT = {
    "request": {
        "method": "POST",
        "path": "/a/b?q=1&r=2",
        "headers": [
            *(["x-a", "1"], ["x-a", "2"], ["user-agent", "ua"]),
            *(["referer", "ref"], ["x-request-id", "rid"]),
        ],
        "body": "hello",
    },
    "upstream": {"status": 203, "headers": [["x-u", "7"]], "body": "yo"},
    "root_id": "rr",
}
cases.probe("of a root context", On("configure", *ASKED, returns=1), ending=())
for where in ("request_headers", "request_body", "response_headers", "response_body", "log"):
    cases.probe(f"in {where}", On(where, *ASKED, *DETAILS[:1]), document=DOCUMENT, ending=())
cases.probe("in trailers", On("response_trailers", *ASKED, *DETAILS), document=TRAILERS, ending=())
cases.probe(
    "of a local answer",
    On("request_headers", reply(403, "x", (), -1, "why not")),
    On("log", *ASKED, *DETAILS),
    document=DOCUMENT,
    ending=(),
)


def _foreign(name: str, arguments: bytes = b"") -> Do:
    return Do("proxy_call_foreign_function", Text(name), Text(arguments), Data())


foreign = Cases("foreign")
foreign.probe(
    "functions",
    On(
        "request_headers",
        *(_foreign("nope"), _foreign("compress", b"a" * 100), _foreign("compress")),
        *(_foreign("uncompress", zlib.compress(b"hello" * 20)), _foreign("uncompress", b"bad")),
        *(_foreign("clear_route_cache"), _foreign("expr_create", b"request.path")),
        *(_foreign("expr_evaluate", b"\0\0\0\0"), _foreign("expr_evaluate", b"\5\0\0\0")),
        *(_foreign("expr_delete", b"\0\0\0\0"), _foreign("expr_delete", b"x")),
        *(_foreign("expr_evaluate", b"\0\0\0\0"), _foreign("expr_evaluate", b"x")),
        *(
            _foreign(name, arguments)
            for name in ("declare_property", "sign", "verify_signature", "set_envoy_filter_state")
            for arguments in (b"\xff", b"", b"\x0a\x01a")
        ),
        _foreign("declare_property", b"\x0a\x01a"),
        Do("proxy_call_foreign_function", Text("compress"), Text("abc"), 0, 0),
        Do("proxy_call_foreign_function", Text("compress"), Text("abc"), -1, 0),
        Do("proxy_call_foreign_function", Text("compress"), Text("abc"), 0, -1),
        Do("proxy_call_foreign_function", -1, 1, 0, 0, 0, 0),
        Do("proxy_call_foreign_function", Text("compress"), -1, 1, 0, 0),
    ),
)

wasi = Cases("wasi")
OWN_TESTS = """
    args_get args_sizes_get clock_res_get clock_time_get environ_get environ_sizes_get fd_pwrite
    fd_write proc_exit random_get
""".split()
ROOM = 0x20_0000  # far from the probe's own texts


def _call(name: str, first: int, place: int) -> Do:
    kinds = WASI_TYPES[name].split("->")[0].strip("() ").split()
    rest = [Long(0) if kind == "i64" else place for kind in kinds[1:]]
    return Do(name, *([first] if kinds else []), *rest)


for at, names in enumerate([sorted(WASI_TYPES)[:24], sorted(WASI_TYPES)[24:]]):
    wasi.probe(
        f"files, {at}",
        On(
            "request_headers",
            *(
                _call(name, first, place)
                for name in names
                if name not in OWN_TESTS
                for first, place in ((0, ROOM), (1, ROOM), (2, ROOM), (3, ROOM), (1, -1), (3, -1))
            ),
        ),
    )
TEXTS = Wat(
    "(i32.store (i32.const 600) (i32.const 700)) (i32.store (i32.const 604) (i32.const 3))"
    "(i32.store (i32.const 608) (i32.const 703)) (i32.store (i32.const 612) (i32.const 2))"
    "(i32.store (i32.const 700) (i32.const 0x0a636261)) (i32.store8 (i32.const 704) (i32.const 10))"
)
wasi.probe(
    "outputs, clocks and chance",
    On(
        "request_headers",
        TEXTS,
        *(Do("fd_write", fd, 600, 1, Word()) for fd in (0, 1, 2, 3, -1)),
        *(Do("fd_write", 1, 600, 2, Word()), Do("fd_write", 2, 608, 1, Word())),
        *(Do("fd_write", 1, 600, 0, Word()), Do("fd_write", 1, -1, 1, Word())),
        *(Do("fd_write", 1, 600, 1, -1), Do("fd_pwrite", 1, 600, 1, Long(5), Word())),
        *(Do("fd_pwrite", 3, 600, 1, Long(5), Word()), Do("fd_pwrite", 2, 600, 1, Long(5), -1)),
        *(Do("random_get", *each) for each in ((ROOM, 0), (-1, 0), (ROOM, 65_537), (-1, 5))),
        Do("random_get", ROOM, 65_536),
        *(Do("clock_time_get", clock, Long(0), ROOM) for clock in (0, 1, 2, 3)),
        Do("clock_time_get", 0, Long(0), -1),
        *(Do("clock_res_get", clock, Word(8)) for clock in (0, 1, 2)),
        Do("clock_res_get", 0, -1),
        *(Do("environ_get", ROOM, ROOM), Do("environ_sizes_get", Word(), Word())),
        *(Do("environ_sizes_get", -1, 0), Do("args_get", -1, -1)),
        *(Do("args_sizes_get", Word(), Word()), Do("args_sizes_get", 0, -1), Do("proc_exit", 3)),
        *(Do("fd_fdstat_get", 1, Word(8)), Do("fd_tell", 1, Word(8))),
        *(Do("poll_oneoff", 0, 0, 0, Word()), Do("pthread_equal", 3, 3)),
        *(Do("pthread_equal", 3, 4), Do("emscripten_notify_memory_growth", 0), pairs(0)),
    ),
)
