"""What is expected of a trial: how it is written, checked and proposed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import filters
from tests.wasmhub.proxywasm.host.test_trial import JSON
from wasmhub.proxywasm.host import (
    Expectation,
    Outcome,
    Trial,
    TrialError,
    check,
    propose,
    run_trial,
)
from wasmhub.proxywasm.host.outcome import Received

MEMBERS = ("outcome", "request", "response", "logs")
CONTINUED: dict[str, Any] = {
    "outcome": "continued",
    "request": {"headers": [[":path", "/"], ["x-a", "1"], ["x-a", "2"]], "body": ""},
    "response": {"status": 200, "headers": [["x-b", "ä\u202e"]], "body": {"base64": "AP8="}},
    "logs": [{"level": "info", "message": "let it pass"}],
    "reason": "",
}
LIMITED = CONTINUED | {"outcome": "limited", "reason": "It took too long."}


def differences(expected: Any, outcome: dict[str, Any] = CONTINUED) -> list[str]:
    return check(Expectation.from_json(expected), outcome)


class TestAnExpectation:
    @pytest.mark.parametrize(
        "document",
        [
            {"outcome": "continued"},
            {"request": {"headers": {"X-A": ["1", "2"], ":path": "/", "x-c": False}}},
            {"request": {"body": ""}},
            {"response": {"status": 200, "headers": {"x-b": True}, "body": {"base64": "AP8="}}},
            {"logs": ["let it"]},
        ],
    )
    def test_that_is_met_has_no_differences(self, document: Any) -> None:
        assert differences(document) == []

    @pytest.mark.parametrize(
        ("document", "difference"),
        [
            (
                {"response": {"status": 403}},
                "The status of the response was 200, and 403 was expected.",
            ),
            (
                {"request": {"headers": {"x-a": "1"}}},
                "The request header x-a was “1”, “2”, and “1” was expected.",
            ),
            ({"request": {"headers": {"x-c": True}}}, "The request header x-c was missing."),
            (
                {"request": {"headers": {"x-c": "1"}}},
                "The request header x-c was missing, and “1” was expected.",
            ),
            (
                {"response": {"headers": {"x-b": False}}},
                "The response header x-b was there, with “ä·”.",
            ),
            (
                {"request": {"body": "hello"}},
                "The request body was empty, and “hello” (5 bytes) was expected.",
            ),
            ({"logs": ["refused"]}, "No line of the log contains “refused”."),
        ],
    )
    def test_that_is_not_met_says_what_differs(self, document: Any, difference: str) -> None:
        assert differences(document) == [difference]

    def test_says_only_how_a_trial_ended_that_ended_in_another_way(self) -> None:
        told = differences({"outcome": "replied", "response": {"status": 403}})

        assert told == ["The outcome was “continued”, and “replied” was expected."]

    def test_is_not_met_by_a_trial_that_was_stopped(self) -> None:
        told = differences({"request": {"headers": {"x-a": True}}}, LIMITED)

        assert told == ["The outcome was “limited”: “It took too long.”."]
        assert differences({"outcome": "limited"}, LIMITED) == []

    @pytest.mark.parametrize(
        ("document", "sentence"),
        [
            ([], "the expectation must be an object"),
            ({}, "Expect something"),
            ({"request": {"headers": {}}}, "Expect something"),
            ({"status": 200}, "the expectation has no member “status”"),
            ({"outcome": "fine"}, "outcome is one of continued, replied"),
            ({"request": {"status": 200}}, "request has no member “status”"),
            ({"response": {"status": "200"}}, "response.status must be a number"),
            ({"response": {"headers": [["a", "1"]]}}, "response.headers must be an object"),
            ({"response": {"headers": {"a b": "1"}}}, "“a b” is no name of a header"),
            ({"response": {"headers": {"\u202ea": "1"}}}, "“·a” is no name of a header"),
            ({"response": {"headers": {"a": 1}}}, "response.headers.a must be a text"),
            ({"response": {"headers": {"a": []}}}, "response.headers.a must be a text"),
            ({"response": {"headers": {"a": "1", "A": "2"}}}, "has a name twice"),
            ({"response": {"headers": {f"a{n}": "1" for n in range(101)}}}, "more than 100"),
            ({"response": {"body": {"chunks": []}}}, "not in chunks"),
            ({"response": {"body": 5}}, "response.body must be a text"),
            ({"logs": [""]}, "a list of texts"),
            ({"logs": ["a"] * 21}, "more than 20 items"),
        ],
    )
    def test_that_is_none_is_refused_with_the_reason(self, document: Any, sentence: str) -> None:
        with pytest.raises(TrialError, match=sentence):
            Expectation.from_json(document)

    @given(st.dictionaries(st.sampled_from(MEMBERS), JSON) | JSON)
    @settings(max_examples=200, deadline=None)
    def test_is_read_or_refused_whatever_it_is(self, document: Any) -> None:
        try:
            expectation = Expectation.from_json(document)
        except TrialError:
            return
        assert isinstance(check(expectation, CONTINUED), list)


KEPT = [
    pytest.param(file.parent, about["releases"][-1]["version"], example, id=example["name"])
    for file in sorted(filters.EXAMPLES.glob("*/*/extension.toml"))
    for about in [tomllib.loads(file.read_text())]
    for example in about.get("examples", [])
]


@pytest.mark.parametrize(("folder", "version", "example"), KEPT)
def test_the_newest_release_of_an_example_filter_does_as_its_examples_say(
    folder: Path, version: str, example: dict[str, Any]
) -> None:
    module = (folder / "dist" / f"{version}.wasm").read_bytes()

    outcome = run_trial(module, Trial.from_json(example["trial"]))

    assert differences(example["expected"], outcome.as_json()) == []


class TestAProposal:
    @staticmethod
    def of(module: bytes, document: Any) -> tuple[Any, dict[str, Any]]:
        trial = Trial.from_json(document)
        outcome = run_trial(module, trial)
        return propose(trial, outcome, lambda: run_trial(module, trial)), outcome.as_json()

    def test_has_what_the_filter_added_and_nothing_else(self) -> None:
        module = filters.example("acme/security-headers", "1.0.0")

        proposed, outcome = self.of(module, {})

        assert proposed["outcome"] == "continued"
        assert "request" not in proposed
        assert proposed["response"]["status"] == 200
        assert proposed["response"]["headers"]["x-frame-options"] == "DENY"
        assert "content-type" not in proposed["response"]["headers"]
        assert "body" not in proposed["response"]
        assert differences(proposed, outcome) == []

    def test_has_what_the_filter_removed_as_absent(self) -> None:
        upstream = {"status": 200, "headers": [["server", "x/1"], ["x-a", "1"]]}

        proposed, _ = self.of(filters.example("acme/strip-server", "1.0.0"), {"upstream": upstream})

        assert proposed["response"]["headers"] == {"server": False}

    def test_has_the_whole_answer_of_a_filter_that_answers(self) -> None:
        trial = {"request": {"path": "/.env"}}

        proposed, outcome = self.of(filters.example("acme/deny-paths", "1.1.0"), trial)

        assert (proposed["outcome"], proposed["response"]["status"]) == ("replied", 403)
        assert proposed["response"]["body"] == outcome["response"]["body"]
        assert differences(proposed, outcome) == []

    def test_expects_only_that_there_is_what_two_runs_have_of_different_value(self) -> None:
        module = filters.example("northwind/request-id", "1.1.0")

        proposed, outcome = self.of(module, {})

        assert proposed["request"]["headers"] == {"x-request-id": True}
        assert proposed["response"] == {"status": 200, "headers": {"x-request-id": True}}
        assert differences(proposed, outcome) == []

    def test_of_a_connection_has_the_bytes_that_are_not_as_they_were_sent(self) -> None:
        trial = Trial.from_json({"connection": {"downstream": "ping", "upstream": "pong"}})
        outcome = Outcome(
            "continued", request=Received(body=b"PING"), response=Received(body=b"pong")
        )

        proposed = propose(trial, outcome)

        assert proposed == {"outcome": "continued", "request": {"body": "PING"}}
        assert differences(proposed, outcome.as_json()) == []

    def test_of_a_broken_filter_is_that_it_breaks(self) -> None:
        proposed, _ = self.of(filters.without_marker(), {})

        assert proposed == {"outcome": "rejected"}

    def test_is_an_expectation_whatever_the_filter_did(self) -> None:
        headers = [(b"a b\xff\0", b"1"), (b"x-zero", b"1\0"), (b"x-b", b"\xff\xe2\x80\xae")]
        headers += [(f"x-{number}".encode(), b"1") for number in range(200)]
        outcome = Outcome("replied", response=Received(headers, b"\0" * 9_000, status=200))

        proposed = propose(Trial(), outcome)

        assert differences(proposed, outcome.as_json()) == []
        assert len(proposed["response"]["headers"]) == 100
        assert proposed["response"]["headers"]["x-zero"] is True
        assert "body" not in proposed["response"]
