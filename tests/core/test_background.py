"""Work that nobody waits for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core import jobs, sweeper
from core.models import Job, JobState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def done() -> Iterator[list[str]]:
    """Register two tasks, one of which can wait, and note what is done."""
    seen: list[str] = []

    def handler(*, word: str) -> None:
        seen.append(word)

    jobs.job("now", background=False)(handler)
    jobs.job("later", background=True)(handler)
    yield seen
    for name in ("now", "later"):
        jobs._registered.pop(name)


@pytest.fixture(autouse=True)
def called(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    calls: list[int] = []
    monkeypatch.setattr(jobs, "wake", calls.append)
    return calls


def test_no_worker_is_called_for_it(called: list[int]) -> None:
    jobs.enqueue("later", key="a", word="a")
    sweeper._call_again()

    assert called == []


def test_it_is_done_one_at_a_time_in_order(done: list[str]) -> None:
    for word in "abc":
        jobs.enqueue("later", key=word, word=word)

    assert jobs.run_in_background()
    assert done == ["a"]
    while jobs.run_in_background():
        pass
    assert done == ["a", "b", "c"]
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}


def test_it_waits_while_others_wait(done: list[str]) -> None:
    jobs.enqueue("later", key="a", word="a")
    jobs.enqueue("now", key="b", word="b")

    assert not jobs.run_in_background()
    jobs.run(Job.objects.get(task="now").pk)

    assert jobs.run_in_background()
    assert done == ["b", "a"]


def test_there_may_be_nothing_to_do() -> None:
    assert not jobs.run_in_background()
