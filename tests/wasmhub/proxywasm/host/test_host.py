"""
What the host does for a filter, in the order in which it does it.

That this is what Envoy does, too, is the subject of tests/interop/test_trials.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from wasmtime import wat2wasm

from tests import filters
from tests.wasmhub.proxywasm.host.cases.writing import (
    GRANTED,
    POST,
    act_for,
    add,
    get,
    go_on,
    http_call,
    pairs,
    prop,
    read,
    reply,
    write,
)
from tests.wasmhub.proxywasm.host.probes import Data, Do, Kept, On, Text, Wat, Word, probe
from wasmhub.proxywasm.abi import WASI_TYPES, host_functions
from wasmhub.proxywasm.host import Outcome, Profile, Trial, run_trial
from wasmhub.proxywasm.host.functions import FUNCTIONS

MARKER = '(func (export "proxy_abi_version_0_2_1"))'
MALLOC = '(func (export "malloc") (param i32) (result i32) unreachable)'
ALL_CALLBACKS = [
    *(On("context_create"), On("vm_start", returns=1), On("configure", returns=1)),
    *(On("request_headers"), On("request_body"), On("request_trailers")),
    *(On("response_headers"), On("response_body"), On("response_trailers")),
    *(On("log"), On("done", returns=1), On("delete")),
]


def attempt(*callbacks: On, document: dict[str, Any] | None = None, **how: Any) -> Outcome:
    profile = how.pop("profile", None)
    trial = Trial.from_json(document or {})
    return run_trial(probe(*callbacks, **how), trial, profile=profile)


def lines(outcome: Outcome) -> list[str]:
    return [each["message"] for each in outcome.logs]


def results(outcome: Outcome, function: str) -> list[str]:
    """Return what the calls of a function answered, as the probe writes it."""
    return [
        each.removeprefix(f"{function} ") for each in lines(outcome) if each.startswith(function)
    ]


class TestCallbacks:
    def test_come_in_envoys_order(self) -> None:
        outcome = attempt(*ALL_CALLBACKS, document=POST | {"upstream": {"body": "ok"}})

        assert lines(outcome) == [
            *("context_create 1 0", "vm_start 1 0", "configure 1 0", "context_create 2 1"),
            *("request_headers 2 9 0", "request_body 2 b 0", "request_body 2 0 1"),
            *("response_headers 2 2 0", "response_body 2 2 0", "response_body 2 0 1"),
            *("log 2", "done 2", "delete 2"),
        ]

    def test_for_headers_take_two_arguments_in_0_1_0(self) -> None:
        outcome = attempt(On("request_headers"), abi="0_1_0")

        assert lines(outcome) == ["request_headers 2 5"]

    def test_bring_trailers_in_place_of_the_end(self) -> None:
        document = {"request": {"body": {"chunks": ["a"]}, "trailers": [["x-t", "1"]]}}

        outcome = attempt(On("request_body"), On("request_trailers"), document=document)

        assert lines(outcome) == ["request_body 2 1 0", "request_trailers 2 1"]

    def test_start_with_initialize_and_main(self) -> None:
        main = '(func (export "main") (param i32 i32) (result i32) (call $write) (i32.const 9))'

        outcome = attempt(On("_initialize"), On("_start"), On("context_create"), more=main)

        assert lines(outcome) == ["_initialize", "", "context_create 1 0", "context_create 2 1"]


class TestAnswers:
    @pytest.mark.parametrize(("abi", "answer"), [("0_1_0", "0 "), ("0_2_0", "1 "), ("0_2_1", "1 ")])
    def test_for_missing_headers_depend_on_the_abi(self, abi: str, answer: str) -> None:
        outcome = attempt(On("request_headers", get(0, "nope")), abi=abi)

        assert results(outcome, "get_header_map_value") == [answer]

    def test_are_bad_argument_while_headers_are_away_and_not_found_when_it_is_logged(self) -> None:
        outcome = attempt(
            On("request_headers", get(2, ":status")),
            On("response_headers", get(0, ":path")),
            On("log", get(0, ":path"), get(0, "nope"), get(1, "x")),
        )

        assert results(outcome, "get_header_map_value") == ["2 ", "2 ", "0 /", "1 ", "1 "]

    def test_find_headers_in_any_case_of_letters(self) -> None:
        outcome = attempt(On("request_headers", add(0, "X-New", "1"), get(0, "x-NEW")))

        assert results(outcome, "get_header_map_value") == ["0 1"]

    def test_are_empty_for_empty_buffers(self) -> None:
        outcome = attempt(On("configure", read(7), read(6), read(4), returns=1))

        assert results(outcome, "get_buffer_bytes") == ["0 ", "0 ", "1 "]

    def test_are_invalid_memory_access_outside_of_the_memory(self) -> None:
        outcome = attempt(
            On(
                "request_headers",
                Do("proxy_get_header_map_value", 0, -1, 5, Data()),
                Do("proxy_log", 2, 0, -1),
                Do("random_get", -1, 5),
            )
        )

        assert results(outcome, "get_header_map_value") == ["6 "]
        assert results(outcome, "log") == ["6"]
        assert results(outcome, "random_get") == ["15"]

    def test_exist_for_everything_that_a_module_can_import(self) -> None:
        offered = {name for abi in ("0.1.0", "0.2.0", "0.2.1") for name in host_functions(abi)}

        assert set(FUNCTIONS) == offered | set(WASI_TYPES)

    def test_need_an_allocator_that_gives_room(self) -> None:
        module = """(module
          (import "env" "proxy_get_header_map_value"
            (func $get (param i32 i32 i32 i32 i32) (result i32)))
          (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
          (memory (export "memory") 1) (data (i32.const 0) ":path0123456789")
          (func (export "proxy_abi_version_0_2_1"))
          (func (export "malloc") (param i32) (result i32) ALLOCATE)
          (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
            (drop (call $log (i32.const 2)
              (i32.add (i32.const 5)
                (call $get (i32.const 0) (i32.const 0) (i32.const 5) (i32.const 64) (i32.const 68)))
              (i32.const 1)))
            (i32.const 0)))"""
        answers = {"(i32.const 0)": "6", "(i32.const 65536)": "6", "(i32.const 128)": "0"}

        for allocate, answer in answers.items():
            data = bytes(wat2wasm(module.replace("ALLOCATE", allocate)))
            assert lines(run_trial(data, Trial())) == [answer]


class TestLoading:
    @pytest.mark.parametrize(
        ("wat", "reason"),
        [
            ("(module)", "Missing or unknown Proxy-Wasm ABI version"),
            (
                '(module (func (export "proxy_abi_version_0_3_0")))',
                "Missing or unknown Proxy-Wasm ABI version",
            ),
            (
                '(module (func (export "proxy_abi_version_0_2_1")))',
                "Wasm module is missing malloc function.",
            ),
            (
                f'(module (import "env" "nope" (func)) {MARKER})',
                "Failed to load Wasm module due to a missing import: env.nope",
            ),
            (
                f'(module (import "env" "proxy_log" (func (param i32))) {MARKER})',
                "mismatch: env.proxy_log, want: i32 -> void, but host exports: i32 i32 i32 -> i32",
            ),
            (
                f'(module {MARKER} {MALLOC} (func (export "proxy_on_log")))',
                "Bad function signature for: proxy_on_log, want: i32 -> void, but the module",
            ),
        ],
    )
    def test_fails_with_envoys_words(self, wat: str, reason: str) -> None:
        outcome = run_trial(bytes(wat2wasm(wat)), Trial())

        assert outcome.outcome == "rejected"
        assert reason in outcome.reason

    @pytest.mark.parametrize("where", ["vm_start", "configure"])
    def test_fails_when_the_plugin_says_no(self, where: str) -> None:
        outcome = attempt(On(where, returns=0))

        assert outcome.outcome == "rejected"
        assert "Failed to" in outcome.reason
        assert outcome.logs

    def test_passes_when_a_context_traps_and_the_request_gets_503(self) -> None:
        outcome = attempt(On("context_create", Wat("unreachable")))

        assert outcome.outcome == "trapped"
        assert outcome.response.status == 503
        assert outcome.reason == (
            "Function: proxy_on_context_create failed: Uncaught RuntimeError: unreachable"
        )

    def test_depends_on_what_the_proxy_offers(self) -> None:
        older = Profile(wasi=frozenset(WASI_TYPES) - {"fd_tell"})
        module = (On("request_headers", Do("fd_tell", 1, Word(8))),)

        assert attempt(*module).outcome == "continued"
        assert attempt(*module, profile=older).reason == (
            "Failed to load Wasm module due to a missing import: wasi_snapshot_preview1.fd_tell"
        )

    def test_leaves_stubs_for_capabilities_that_were_taken_away(self) -> None:
        allowed = Profile(allowed=frozenset(("proxy_log", "proxy_on_request_headers")))

        outcome = attempt(
            On("request_headers", get(0, ":path"), Do("fd_tell", 1, Word(8))),
            On("response_headers"),
            profile=allowed,
        )

        assert lines(outcome) == [
            "request_headers 2 5 1",
            "Attempted call to restricted proxy-wasm capability: proxy_get_header_map_value",
            "get_header_map_value a ",
            "Attempted call to restricted WASI capability: fd_tell",
            "fd_tell 4c 0",
        ]


class TestOutcomes:
    def test_tell_of_local_responses(self) -> None:
        outcome = attempt(On("request_headers", reply(403, "no", [("x-r", "1")])))

        assert (outcome.outcome, outcome.response.status, outcome.response.body) == (
            "replied",
            403,
            b"no",
        )

    def test_tell_of_pauses(self) -> None:
        outcome = attempt(On("request_headers", returns=1), On("log"))

        assert outcome.outcome == "paused"
        assert lines(outcome)[-1] == "log 2"

    def test_tell_of_what_makes_envoy_itself_crash(self) -> None:
        outcome = attempt(On("request_headers", go_on(1)))

        assert outcome.outcome == "trapped"
        assert "Envoy 1.40 itself crashes" in outcome.reason

    def test_tell_of_callouts(self) -> None:
        outcome = attempt(
            On("request_headers", http_call(body="ask"), http_call("nope"), returns=1),
            On("http_call_response", read(4), act_for(2), go_on(0)),
            document=GRANTED,
        )

        assert outcome.outcome == "continued"
        assert outcome.calls == [
            {
                "kind": "http",
                "cluster": "auth",
                "headers": [
                    *([":path", "/check"], [":method", "GET"], [":authority", "auth"]),
                    ["content-length", "3"],
                ],
                "body": "ask",
                "answered": True,
            }
        ]
        assert results(outcome, "get_buffer_bytes") == ["0 granted"]

    def test_take_replies_in_their_order_and_the_last_again(self) -> None:
        replies = [{"cluster": "auth", "body": body} for body in ("one", "two")]

        outcome = attempt(
            On("request_headers", http_call(), http_call(), http_call()),
            On("http_call_response", read(4)),
            document={"replies": replies},
        )

        assert results(outcome, "get_buffer_bytes") == ["0 one", "0 two", "0 two"]

    def test_ask_the_upstream_of_the_request_too(self) -> None:
        outcome = attempt(
            On("request_headers", http_call("upstream")),
            On("http_call_response", get(6, ":status")),
        )

        assert results(outcome, "get_header_map_value") == ["0 200"]


class TestGrpc:
    CALL = (Text("auth"), Text("acme.Auth"), Text("Check"), Text(b""), Text("question"))
    STREAM = CALL[:4]

    def call(self, reply_: dict[str, Any]) -> Outcome:
        return attempt(
            On("request_headers", Do("proxy_grpc_call", *self.CALL, 100, Word()), returns=1),
            On("grpc_receive", read(5), act_for(2), go_on(0)),
            On("grpc_close", Do("proxy_get_status", Word(), Data()), act_for(2), reply(403)),
            document={"replies": [{"cluster": "auth", **reply_}]},
        )

    def test_calls_are_answered(self) -> None:
        outcome = self.call({"path": "/acme.Auth/Check", "body": "answer"})

        assert outcome.outcome == "continued"
        assert results(outcome, "get_buffer_bytes") == ["0 answer"]
        assert outcome.calls[0]["kind"] == "grpc"
        assert outcome.calls[0]["body"] == "question"

    def test_calls_fail_with_a_status(self) -> None:
        outcome = self.call({"trailers": [["grpc-status", "7"], ["grpc-message", "no"]]})

        assert outcome.outcome == "replied"
        assert "grpc_close 1 5 7" in lines(outcome)
        assert results(outcome, "get_status") == ["0 7 no{via_upstream}"]

    def test_calls_without_an_answer_end_with_their_time(self) -> None:
        outcome = self.call({"path": "/other"})

        assert "grpc_close 1 5 e" in lines(outcome)
        assert outcome.calls[0]["answered"] is False

    @pytest.mark.parametrize(("service", "answer"), [("nope", "4"), (b"\x0a\x06\x0a\x04auth", "0")])
    def test_services_are_names_or_messages(self, service: str | bytes, answer: str) -> None:
        outcome = attempt(
            On("request_headers", Do("proxy_grpc_call", Text(service), *self.CALL[1:], 0, Word())),
            document=GRANTED,
        )

        assert results(outcome, "grpc_call")[0].split()[0] == answer

    def test_streams_bring_all_messages_and_then_close(self) -> None:
        outcome = attempt(
            On(
                "request_headers",
                Do("proxy_grpc_stream", *self.STREAM, Word(), keep=0),
                Do("proxy_grpc_send", Kept(0), Text("hi"), 1),
                Do("proxy_grpc_send", 5, Text("hi"), 1),
                Do("proxy_grpc_send", 1002, Text("hi"), 1),
                Do("proxy_grpc_cancel", 1002),
                Do("proxy_grpc_close", 1000),
            ),
            On("grpc_receive_initial_metadata", pairs(4)),
            On("grpc_receive", read(5)),
            On("grpc_receive_trailing_metadata", pairs(5)),
            On("grpc_close"),
            document={"replies": [{"cluster": "auth", "body": {"chunks": ["a", "b"]}}]},
        )

        assert results(outcome, "grpc_send") == ["0", "2", "1"]
        assert results(outcome, "grpc_cancel") == ["1"]
        assert results(outcome, "get_buffer_bytes") == ["0 a", "0 b"]
        assert lines(outcome)[-1] == "grpc_close 1 6 0"

    def test_a_cancelled_call_is_not_answered(self) -> None:
        outcome = attempt(
            On(
                "request_headers",
                Do("proxy_grpc_call", *self.CALL, 0, Word(), keep=0),
                Do("proxy_grpc_cancel", Kept(0)),
            ),
            On("grpc_receive"),
            document=GRANTED,
        )

        assert not any(each.startswith("grpc_receive") for each in lines(outcome))


class TestChains:
    def test_run_forward_for_the_request_and_backward_for_the_response(self) -> None:
        modules = {
            each: probe(
                On("request_headers", add(0, "x-chain", each)),
                On("response_headers", add(2, "x-chain", each)),
            )
            for each in ("a", "b", "c")
        }
        document = {"plugins": [{"module": "b"}, {"module": "c"}]}

        outcome = run_trial(modules["a"], Trial.from_json(document), modules=modules)

        def marks(headers: list[tuple[bytes, bytes]]) -> list[bytes]:
            return [value for name, value in headers if name == b"x-chain"]

        assert marks(outcome.request.headers) == [b"a", b"b", b"c"]
        assert marks(outcome.response.headers) == [b"c", b"b", b"a"]

    def test_give_each_plugin_its_configuration(self) -> None:
        module = probe(On("configure", read(7), prop("plugin_root_id"), returns=1))
        document = {
            "config": "one",
            "root_id": "r1",
            "plugins": [{"module": "x", "config": "two", "root_id": "r2"}],
        }

        outcome = run_trial(module, Trial.from_json(document), modules={"x": module})

        assert results(outcome, "get_buffer_bytes") == ["0 one", "0 two"]
        assert results(outcome, "get_property") == ["0 r1", "0 r2"]


class TestConnections:
    def test_pass_through_network_filters(self) -> None:
        outcome = attempt(
            On("new_connection"),
            On("downstream_data", write(2, 0, 0, "<")),
            On("upstream_data", write(3, 0, 1, "P")),
            document={"connection": {"downstream": "ping", "upstream": "pong"}},
        )

        assert outcome.outcome == "continued"
        assert outcome.request.body == b"<ping<"
        assert outcome.response.body == b"PongP"

    def test_can_be_kept(self) -> None:
        outcome = attempt(
            On("downstream_data", returns=1), document={"connection": {"downstream": "ping"}}
        )

        assert outcome.outcome == "paused"


def test_the_examples_come_to_an_end_quickly_enough_to_be_tried_on_a_page() -> None:
    for path in sorted(filters.EXAMPLES.glob("*/*/dist/*.wasm")):
        outcome = run_trial(path.read_bytes(), Trial())

        assert outcome.outcome in ("continued", "replied")
        assert outcome.fuel < 1_000_000
