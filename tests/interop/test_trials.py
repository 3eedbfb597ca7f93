"""
The sandbox host comes to the same outcome as the real Envoy, on every case.

Envoy runs during the test, a few processes for all cases; its answers are not kept anywhere. What
is taken away from both sides before they are compared is listed in ``real_envoy.py``, and here:

- times and random numbers in logs, headers and bodies (``UNSTEADY``);
- numbers of shared queues and of writes to shared data, which all cases of one Envoy share;
- trailers that a filter adds to a message with a length: HTTP/1.1 cannot carry them.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.wasmhub.proxywasm.host.cases import (
    bodies,
    callouts,
    chains,
    examples,
    grpc,
    knowledge,
    maps,
    refused,
    streams,
)
from tests.wasmhub.proxywasm.host.real_envoy import AT_ONCE, Case, RealEnvoy, Seen, without_wire
from wasmhub.proxywasm.host import Outcome, run_trial

pytestmark = [pytest.mark.slow, pytest.mark.single_setup]

ALL = [
    *examples.cases.listed,
    *maps.cases.listed,
    *bodies.cases.listed,
    *streams.cases.listed,
    *callouts.cases.listed,
    *callouts.state.listed,
    *knowledge.cases.listed,
    *knowledge.foreign.listed,
    *knowledge.wasi.listed,
    *chains.cases.listed,
    *chains.connections.listed,
]
MACHINES = 110  # in one Envoy; each costs memory
AGAIN = 2
UNSTEADY = [
    (r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", "DATE"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
    (r"[0-9a-f]{16}-[0-9a-f]{8}", "ID"),
    (r'("milliseconds":)\d+', r"\g<1>N"),
    (r"(x-envoy-upstream-service-time%00)\d+", r"\g<1>N"),
    (r"(get_shared_data 0 .*) [0-9a-f]+$", r"\g<1> N"),
    (r"(queue_ready 1) [0-9a-f]+", r"\g<1> N"),
]


def steady(text: str) -> str:
    for pattern, instead in UNSTEADY:
        text = re.sub(pattern, instead, text)
    return text


@cache
def rejected() -> frozenset[str]:
    """Return the names of the cases that Envoy should not start with: they are tried alone."""
    return frozenset(case.name for case in ALL if here(case).outcome == "rejected")


@cache
def in_envoy() -> dict[str, Seen]:
    """
    Run all cases, in as many Envoys as it takes.

    On a busy machine two pieces of a body can arrive as one. So what differs is run again, a few
    at a time: a true difference stays.
    """
    cases = [case for case in ALL if case.name not in rejected()]
    seen: dict[str, Seen] = {}
    for at in range(0, len(cases), MACHINES):
        seen |= _run(cases[at : at + MACHINES])
    for _ in range(AGAIN):
        differing = [case for case in cases if not agree(here(case), seen[case.name])]
        if 0 < len(differing) <= MACHINES:
            seen |= _run(differing, at_once=2)
    return seen


def _run(cases: list[Case], at_once: int = AT_ONCE) -> dict[str, Seen]:
    with TemporaryDirectory() as folder:
        return RealEnvoy(Path(folder), at_once).run(cases)


def agree(outcome: Outcome, seen: Seen) -> bool:
    return of_host(outcome, seen) == of_envoy(seen, outcome)


def here(case: Case) -> Outcome:
    return _outcome(case.name)


@cache
def _outcome(name: str) -> Outcome:
    case = next(each for each in ALL if each.name == name)
    modules = {str(at): data for at, data in enumerate(case.modules)}
    return run_trial(case.modules[0], case.trial, modules=modules)


def of_envoy(seen: Seen, outcome: Outcome) -> dict[str, Any]:
    upstream = seen.upstream if outcome.outcome == "continued" else None
    return {
        "status": seen.status,
        "headers": [(name, steady(value)) for name, value in without_wire(seen.headers)],
        "body": steady(seen.body.decode(errors="replace")),
        "trailers": seen.trailers,
        "logs": [(level, steady(message)) for level, message in seen.logs],
    } | (of_request(upstream.headers, upstream.body, upstream.trailers) if upstream else {})


def of_host(outcome: Outcome, seen: Seen) -> dict[str, Any]:
    response, request = outcome.response, outcome.request
    headers = [(name.decode(), value.decode(errors="replace")) for name, value in response.headers]
    chunked = "content-length" not in dict(headers)
    trailers = [(name.decode(), value.decode()) for name, value in response.trailers]
    passed = outcome.outcome == "continued" and seen.upstream
    return {
        "status": response.status,
        "headers": [(name, steady(value)) for name, value in without_wire(headers)],
        "body": steady(response.body.decode(errors="replace")),
        "trailers": trailers if chunked else [],
        "logs": [(each["level"], steady(each["message"])) for each in outcome.logs],
    } | (of_request(request.headers, request.body, request.trailers) if passed else {})


def of_request(
    headers: list[tuple[bytes, bytes]], body: bytes, trailers: list[tuple[bytes, bytes]]
) -> dict[str, Any]:
    known = dict(headers)
    left_out = (b":scheme", b":method", b":path", b":authority", b"content-length")
    return {
        "upstream line": (
            known.get(b":method"),
            known.get(b":path"),
            known.get(b":authority", b""),
        ),
        "upstream headers": [
            (name, steady(value.decode())) for name, value in headers if name not in left_out
        ],
        "upstream body": body,
        "upstream trailers": trailers if b"content-length" not in known else [],
    }


@pytest.mark.parametrize("case", [pytest.param(each, id=each.name) for each in ALL])
def test_a_trial_ends_as_in_the_real_envoy(case: Case, tmp_path: Path) -> None:
    if case.name in rejected():
        assert here(case).reason in RealEnvoy(tmp_path).refusal(case)
        return
    outcome, seen = here(case), in_envoy()[case.name]

    assert of_host(outcome, seen) == of_envoy(seen, outcome)


@pytest.mark.parametrize("each", grpc.LISTED, ids=lambda each: each.case.name)
def test_a_grpc_callout_ends_as_in_the_real_envoy(each: grpc.WithServer, tmp_path: Path) -> None:
    seen = RealEnvoy(tmp_path, grpc_server=each.server).run([each.case])[each.case.name]
    outcome = run_trial(each.case.modules[0], each.case.trial)

    assert of_host(outcome, seen) == of_envoy(seen, outcome)


@pytest.mark.parametrize("case", [pytest.param(each, id=each.name) for each in refused.LISTED])
def test_a_module_is_refused_with_the_words_of_the_real_envoy(case: Case, tmp_path: Path) -> None:
    outcome, said = run_trial(case.modules[0], case.trial), RealEnvoy(tmp_path).refusal(case)

    assert (outcome.outcome == "rejected") is bool(said), said
    assert not said or outcome.reason in said


def test_there_are_enough_cases() -> None:
    assert len(ALL) - len(rejected()) >= 300
    assert len({case.name for case in ALL}) == len(ALL)
