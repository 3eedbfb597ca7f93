"""Documents of trials: what is taken, what is refused, and with which sentence."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import filters
from wasmhub.proxywasm.host import Trial, TrialError, run_trial
from wasmhub.proxywasm.host.documents import BODY_BYTES_MAX, HEADERS_MAX

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = ("request", "upstream", "config", "root_id", "replies", "plugins", "connection")


class TestDocuments:
    def test_may_be_empty(self) -> None:
        trial = Trial.from_json({})

        assert (trial.request.method, trial.request.path, trial.upstream) == ("GET", "/", None)

    def test_keep_the_order_of_headers_and_repeated_ones(self) -> None:
        headers = [["X-B", "1"], ["x-a", "2"], ["x-b", " 3 "]]

        trial = Trial.from_json({"request": {"headers": headers}})

        assert trial.request.headers == ((b"x-b", b"1"), (b"x-a", b"2"), (b"x-b", b"3"))

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ("ä", "ä".encode()),
            ({"base64": "AP8="}, b"\0\xff"),
            ({"chunks": ["a", {"base64": "Yg=="}, ""]}, (b"a", b"b")),
            ({"chunks": []}, ()),
        ],
    )
    def test_have_bodies_as_text_bytes_or_pieces(self, body: Any, expected: object) -> None:
        assert Trial.from_json({"request": {"body": body}}).request.body == expected

    @pytest.mark.parametrize(
        ("document", "sentence"),
        [
            ([], "the trial must be an object"),
            ({"method": "GET"}, "the trial has no member “method”"),
            ({"request": {"method": "get"}}, "must be a method in capitals"),
            ({"request": {"method": "CONNECT"}}, "not CONNECT"),
            ({"request": {"path": "x"}}, "must start with /"),
            ({"request": {"path": "*"}}, "must start with /"),
            ({"request": {"path": "/a b"}}, "must start with /"),
            ({"request": {"path": "/" + "a" * 9000}}, "longer than"),
            ({"request": {"path": 1}}, "must be a text"),
            ({"request": {"headers": {"x": "y"}}}, "must be a list"),
            ({"request": {"headers": [["x"]]}}, "list of pairs"),
            ({"request": {"headers": [["x", 1]]}}, "list of pairs"),
            ({"request": {"headers": [["x y", "1"]]}}, "is no name of a header"),
            ({"request": {"headers": [["", "1"]]}}, "is no name of a header"),
            ({"request": {"headers": [[":path", "/"]]}}, "is no name of a header"),
            ({"request": {"headers": [["x", "a\r\nb: c"]]}}, "has a line break"),
            ({"request": {"headers": [["x", "\0"]]}}, "has a line break or a zero"),
            ({"request": {"headers": [["x", "\ud800"]]}}, "half a character"),
            ({"request": {"headers": [["content-length", "7"]]}}, "set from the body"),
            ({"request": {"headers": [["transfer-encoding", "gzip"]]}}, "set from the body"),
            ({"request": {"headers": [["x", "y"]] * (HEADERS_MAX + 1)}}, "more than 100 items"),
            ({"request": {"headers": [["x", "y" * 2000]] * 50}}, "more than Envoy takes"),
            ({"request": {"body": 7}}, "must be a text"),
            ({"request": {"body": {"base64": "!"}}}, "is not base64"),
            ({"request": {"body": {"chunks": "a"}}}, "list of bodies"),
            ({"request": {"body": {"chunks": ["a"] * 101}}}, "more than 100 chunks"),
            ({"request": {"body": {"chunks": [{"chunks": []}]}}}, "must be a text"),
            ({"request": {"body": "x" * (BODY_BYTES_MAX + 1)}}, "is larger than"),
            ({"upstream": {"status": 99}}, "200 to 599"),
            ({"upstream": {"status": 101}}, "200 to 599"),
            ({"upstream": {"status": True}}, "must be a number"),
            ({"upstream": {"status": "200"}}, "must be a number"),
            ({"config": "\ud800"}, "half a character"),
            ({"root_id": "\ud800"}, "half a character"),
            ({"plugins": [{"module": "\ud800"}]}, "half a character"),
            ({"replies": [{"path": "/"}]}, "needs the name of its cluster"),
            ({"replies": [{"cluster": "a"}] * 51}, "more than 50 items"),
            ({"plugins": [{"config": ""}]}, "reference to its module"),
            ({"plugins": [{"module": "a"}] * 3}, "more than 2 items"),
        ],
        ids=lambda value: value[:40] if isinstance(value, str) else "",
    )
    def test_that_are_wrong_are_refused_with_a_sentence(self, document: Any, sentence: str) -> None:
        with pytest.raises(TrialError) as refusal:
            Trial.from_json(document)

        assert sentence in str(refusal.value)

    def test_may_say_the_right_length(self) -> None:
        request = {"headers": [["content-length", "2"]], "body": "ab"}

        assert Trial.from_json({"request": request}).request.headers == ()

    @settings(max_examples=60, deadline=None)
    @given(st.dictionaries(st.sampled_from(MEMBERS), JSON) | JSON)
    def test_of_any_kind_are_read_or_refused(self, document: Any) -> None:
        with suppress(TrialError):
            assert len(Trial.from_json(document).plugins) <= 2


class TestOutcomes:
    def test_have_the_fixed_shape(self) -> None:
        document = run_trial(filters.example("ada/hello", "1.0.0"), Trial.from_json({})).as_json()

        assert list(document) == (
            "outcome request response logs calls fuel milliseconds reason".split()
        )
        assert list(document["request"]) == ["headers", "body"]
        assert list(document["response"]) == ["status", "headers", "body"]
        assert json.loads(json.dumps(document)) == document

    def test_show_what_the_upstream_and_the_client_got(self) -> None:
        trial = Trial.from_json(
            {
                "request": {
                    "method": "POST",
                    "path": "/p",
                    "headers": [["x-a", "1"]],
                    "body": "hi",
                },
                "upstream": {"status": 203, "headers": [["x-u", "2"]], "body": {"base64": "/w=="}},
            }
        )

        outcome = run_trial(filters.example("ada/hello", "1.0.0"), trial).as_json()

        assert outcome["outcome"] == "continued"
        assert outcome["request"]["headers"][:3] == [
            [":authority", "example.com"],
            [":path", "/p"],
            [":method", "POST"],
        ]
        assert outcome["request"]["body"] == "hi"
        assert outcome["response"] == {
            "status": 203,
            "headers": [["x-u", "2"], ["content-length", "1"], ["x-hello", "world"]],
            "body": {"base64": "/w=="},
        }
        assert outcome["fuel"] > 0

    def test_echo_the_request_without_an_upstream(self) -> None:
        trial = Trial.from_json({"request": {"path": "/e?x=1", "headers": [["host", "h"]]}})

        outcome = run_trial(filters.example("ada/hello", "1.0.0"), trial).as_json()

        assert json.loads(outcome["response"]["body"]) == {
            "method": "GET",
            "path": "/e?x=1",
            "headers": [["host", "h"], ["x-forwarded-proto", "http"]],
            "body": "",
        }

    def test_need_the_modules_of_the_chain(self) -> None:
        trial = Trial.from_json({"plugins": [{"module": "acme/other:1.0.0"}]})

        with pytest.raises(TrialError, match="no module acme/other"):
            run_trial(filters.hello(), trial, modules={})
