"""Modules that want too much get a verdict or an outcome, and nobody else waits for them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import bombs, filters
from tests.faults.processes import wait_for
from tests.live import Hub, unique

pytestmark = pytest.mark.slow

# What the hub says of itself: 20 seconds of processor time for reading, on two jobs at a time.
LIMIT_SECONDS = 60
MEBIBYTE = 1024 * 1024


def resident(pid: int) -> int:
    """Return the most bytes that a process has ever held."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (each for each in status.splitlines() if each.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


@pytest.fixture(scope="module")
def bounded(hub: Hub) -> Iterator[Hub]:
    """Give the hub, and see that neither worker nor web server grew by what others wanted."""
    yield hub
    for program in ("manage.py worker", "uvicorn"):
        assert resident(wait_for(hub.process.pid, program)) < 400 * MEBIBYTE, program


def test_each_one_is_judged_and_a_good_one_right_behind_them_too(bounded: Hub) -> None:
    paths = {name: f"alice/{unique()}" for name in bombs.TO_READ}
    for name, (build, _, _) in bombs.TO_READ.items():
        assert bounded.upload(paths[name], "1.0.0", build()).status_code == 202, name
    good, queued = f"alice/{unique()}", time.monotonic()
    bounded.upload(good, "1.0.0", filters.hello())

    assert bounded.wait_for_verdict(good, "1.0.0")["verdict"] == "passed"
    assert time.monotonic() - queued < LIMIT_SECONDS
    for name, (_, finding_id, words) in bombs.TO_READ.items():
        assert bounded.wait_for_verdict(paths[name], "1.0.0")["verdict"] == "failed", name
        answer = bounded.api(
            "GET", f"/extensions/{paths[name]}/releases/1.0.0/findings", who="alice"
        )
        messages = {each["id"]: each["message"] for each in answer.json()}
        assert words in messages[finding_id], name


def test_the_worker_says_at_its_start_what_it_takes_from_them(bounded: Hub) -> None:
    assert "Modules are read " in bounded.log.read_text()


@pytest.mark.parametrize("name", bombs.TO_TRY)
def test_a_trial_ends_within_the_limit_and_says_which_it_was(bounded: Hub, name: str) -> None:
    build, trial, expected, words = bombs.TO_TRY[name]
    path = f"alice/{unique()}"
    bounded.upload(path, "1.0.0", build())
    assert bounded.wait_for_verdict(path, "1.0.0")["verdict"] == "passed"

    begun = time.monotonic()
    answer = bounded.api(
        "POST", f"/extensions/{path}/releases/1.0.0/trials", who="alice", json=trial
    )

    assert answer.status_code == 200, answer.text
    outcome = answer.json()
    assert (outcome["outcome"], words in outcome["reason"]) == (expected, True), outcome["reason"]
    assert time.monotonic() - begun < LIMIT_SECONDS
    assert len(answer.content) < 32 * MEBIBYTE
