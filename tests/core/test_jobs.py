"""The queue: rows, leases, attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from core import jobs, sweeper
from core.models import AuditEvent, Job, JobState, Lease

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the ids that workers are called for, instead of a broker."""
    called: list[int] = []

    def wake(job_id: int) -> None:
        called.append(job_id)
        Job.objects.filter(pk=job_id).update(sent=timezone.now())

    monkeypatch.setattr(jobs, "wake", wake)
    return called


@pytest.fixture
def handled() -> Iterator[list[str]]:
    """Register a task that notes what it was called with and writes an audit row."""
    seen: list[str] = []

    def handler(*, word: str) -> Callable[[], None]:
        seen.append(word)
        if word == "fail":
            raise RuntimeError("as asked")

        def outcome() -> None:
            AuditEvent.objects.create(actor="job", action="did", target=word)

        return outcome

    def give_up(*, word: str) -> None:
        AuditEvent.objects.create(actor="job", action="gave-up", target=word)

    jobs.job("say", give_up=give_up)(handler)
    yield seen
    jobs._registered.pop("say")


def test_a_worker_is_called_once_the_transaction_is_over(calls: list[int]) -> None:
    with transaction.atomic():
        jobs.enqueue("say", key="a", word="a")
        called_inside = list(calls)

    assert called_inside == []
    assert calls == [Job.objects.get().pk]


def test_a_job_of_a_transaction_that_is_rolled_back_never_was(calls: list[int]) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        jobs.enqueue("say", key="a", word="a")
        raise RuntimeError

    assert not Job.objects.exists()
    assert calls == []


def test_of_one_key_only_one_job_is_open(calls: list[int]) -> None:
    jobs.enqueue("say", key="a", word="a")
    jobs.enqueue("say", key="a", word="a")

    assert len(calls) == 1


@pytest.mark.usefixtures("calls")
def test_a_message_that_comes_twice_does_the_work_once(handled: list[str]) -> None:
    jobs.enqueue("say", key="a", word="a")
    row = Job.objects.get()

    results = [jobs.run(row.pk), jobs.run(row.pk)]

    assert results == [True, False]
    assert handled == ["a"]
    assert Job.objects.get().state == JobState.DONE


def test_a_failing_job_is_tried_three_times_and_then_given_up(
    calls: list[int], handled: list[str]
) -> None:
    jobs.enqueue("say", key="a", word="fail")

    for _ in range(5):
        jobs.run(calls[0])

    row = Job.objects.get()
    assert handled == ["fail"] * 3
    assert (row.state, row.attempt) == (JobState.FAILED, 3)
    assert "as asked" in row.error
    assert list(AuditEvent.objects.values_list("action", flat=True)) == ["gave-up"]


def test_a_lost_worker_leaves_no_trace_and_the_sweeper_calls_another(
    calls: list[int], handled: list[str]
) -> None:
    jobs.enqueue("say", key="a", word="a")
    job_id = calls.pop()
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.update(state=JobState.RUNNING, lease="lost", leased_until=past, attempt=1)

    swept = sweeper.sweep("me")
    jobs.run(job_id)
    jobs._finish(job_id, "lost", lambda: pytest.fail("the lost worker wrote"))

    assert swept
    assert calls == [job_id]
    assert handled == ["a"]
    assert AuditEvent.objects.filter(action="did").count() == 1


def test_a_message_that_the_broker_lost_is_sent_again(calls: list[int]) -> None:
    jobs.enqueue("say", key="a", word="a")
    Job.objects.update(sent=timezone.now() - timedelta(minutes=1))

    sweeper.sweep("me")

    assert len(calls) == 2


def test_one_sweeper_is_elected_and_another_follows_when_its_lease_is_over() -> None:
    assert sweeper.sweep("first")
    assert not sweeper.sweep("second")
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))

    assert sweeper.sweep("second")
    assert not sweeper.sweep("first")
