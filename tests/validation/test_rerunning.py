"""When examples are run again, and what is written when they cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.actors import actor_for
from accounts.services import create_user
from catalog.models import Extension, Manifest, Release, StandardTrial, Verdict
from catalog.selectors.examples import example_runs
from catalog.services import open_extension
from core import jobs
from core.actor import Actor
from core.errors import NotFoundError
from core.models import Job, JobState
from tests.catalog.conftest import release
from validation import rerunning
from validation.children import ReaderError
from validation.errors import BusyError
from validation.services import (
    request_all_trials,
    request_trials,
    request_validation,
    save_example,
)
from validation.standard import sentence_of, summary_of
from validation.trying import Tried

pytestmark = pytest.mark.django_db(transaction=True)
TASKS = ["run-example", "try-standard"]
OUTCOME: dict[str, Any] = {
    "outcome": "continued",
    "request": {"headers": [[":path", "/"], ["x-a", "2"]], "body": ""},
    "response": {"status": 200, "headers": [["x-b", "1"]], "body": ""},
    "logs": [],
    "calls": [],
    "reason": "",
}
BEFORE = {
    "request": {"headers": [[":path", "/"], ["x-a", "1"]], "body": ""},
    "response": {"headers": [["server", "x"]], "body": ""},
}


@pytest.fixture
def alice() -> Actor:
    return actor_for(create_user(username="alice", email="alice@example.com", password="x" * 12))


@pytest.fixture
def extension(alice: Actor) -> Extension:
    return open_extension(actor=alice, namespace="alice", name="jwt", visibility="public")


@pytest.fixture
def passed(alice: Actor, extension: Extension) -> Release:
    release(alice, extension, "a", "1.0.0")
    Job.objects.all().delete()
    return Release.objects.select_related("extension", "manifest").get()


def keep(actor: Actor, extension: Extension, expected: dict[str, Any] | None = None) -> None:
    save_example(
        actor=actor,
        extension=extension,
        name="plain",
        description="",
        trial={},
        expected=expected or {"outcome": "continued"},
    )


def waiting() -> list[tuple[str, str]]:
    return list(Job.objects.filter(state=JobState.QUEUED).values_list("task", "key"))


def do_all(monkeypatch: pytest.MonkeyPatch, answer: Tried | Exception) -> None:
    """Do what waits, where every trial ends in this way."""

    def tried(**_asked: object) -> Tried:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(rerunning, "try_release", tried)
    for _ in range(20):
        for job in Job.objects.filter(task__in=TASKS, state=JobState.QUEUED):
            jobs.run(job.pk)


def test_what_is_known_is_not_asked_for_again(
    alice: Actor, extension: Extension, passed: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(alice, extension)
    assert passed.manifest is not None
    request_trials(manifest=passed.manifest)
    assert len(waiting()) == 2
    do_all(monkeypatch, Tried(OUTCOME, BEFORE))
    assert example_runs(release=passed)[0].state == "passed"
    assert StandardTrial.objects.count() == 1

    request_trials(manifest=passed.manifest)  # as a re-push or newer rules do

    assert waiting() == []


def test_a_release_of_bytes_that_passed_before_is_run_too(
    alice: Actor, extension: Extension, passed: Release
) -> None:
    keep(alice, extension)
    Job.objects.all().delete()
    manifest = Manifest.objects.get()
    second = Release.objects.create(
        extension=extension, version="1.0.1", tag="1.0.1", manifest=manifest
    )

    request_validation(manifest=manifest)

    assert f"@{second.pk}" in " ".join(key for _, key in waiting())


def test_nobody_waits_for_them() -> None:
    assert set(TASKS) <= set(jobs.background_tasks())


@pytest.mark.parametrize("fault", [ReaderError("lost"), BusyError("busy"), OSError("no file")])
def test_a_fault_of_the_hub_is_tried_again_and_then_told(
    alice: Actor,
    extension: Extension,
    passed: Release,
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
) -> None:
    keep(alice, extension)

    do_all(monkeypatch, fault)

    assert Job.objects.get(task="run-example").attempt == 3
    (run,) = example_runs(release=passed)
    assert run.state == "not-run"
    assert "the hub's fault" in run.reason


def test_what_its_author_may_not_see_is_not_run(
    alice: Actor, extension: Extension, passed: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(alice, extension)

    do_all(monkeypatch, NotFoundError("'acme/x:1.0.0': nothing that you can see."))

    (run,) = example_runs(release=passed)
    assert (run.state, run.reason) == ("not-run", "'acme/x:1.0.0': nothing that you can see.")


def test_what_passed_before_there_were_trials_can_be_asked_for(
    alice: Actor, extension: Extension, passed: Release
) -> None:
    keep(alice, extension)
    Job.objects.all().delete()

    request_all_trials()

    assert sorted(task for task, _ in waiting()) == TASKS


def test_of_very_many_differences_some_are_kept(
    alice: Actor, extension: Extension, passed: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {f"x-{number}": True for number in range(100)}
    keep(alice, extension, expected={"response": {"headers": headers}})

    do_all(monkeypatch, Tried(OUTCOME, BEFORE))

    (run,) = example_runs(release=passed)
    assert len(run.differences) == 21
    assert run.differences[-1] == "And 80 more differences."


def test_what_never_passed_is_not_run(alice: Actor, extension: Extension) -> None:
    release(alice, extension, "a", "1.0.0", Verdict.FAILED)

    keep(alice, extension)

    assert "run-example" not in [task for task, _ in waiting()]


class TestAPlainRequest:
    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            (
                {},
                (
                    "it lets the request pass and changes x-a in the request; adds x-b and "
                    "removes server in the response."
                ),
            ),
            (
                {"outcome": "replied", "response": {"status": 403, "headers": [], "body": ""}},
                "it answers 403 by itself.",
            ),
            (
                {"outcome": "rejected", "reason": "Wasm VM failed Failed to configure base Wasm"},
                "it does not start: it needs a configuration, which you can give it here.",
            ),
            (
                {"outcome": "rejected", "reason": "Failed to load\u202e Wasm module."},
                "a proxy would not start with it: Failed to load· Wasm module.",
            ),
            (
                {"outcome": "paused", "calls": [{"cluster": "auth"}]},
                "it holds the request and calls auth; nothing answers it in the sandbox.",
            ),
            ({"outcome": "trapped", "reason": "wasm"}, "it breaks down: wasm."),
            ({"outcome": "limited", "reason": ""}, "the sandbox stopped it."),
        ],
    )
    def test_is_told_in_a_sentence(self, changes: dict[str, Any], sentence: str) -> None:
        summary = summary_of(Tried(OUTCOME | changes, BEFORE))

        assert sentence_of(summary) == sentence

    def test_keeps_a_little_of_what_a_hostile_module_says(self) -> None:
        headers = [["x" * 5_000 + str(number), "1"] for number in range(500)]
        response = {"status": 200, "headers": headers, "body": "b" * 10**6}

        summary = summary_of(Tried(OUTCOME | {"response": response}, BEFORE))

        assert len(str(summary)) < 3_000
