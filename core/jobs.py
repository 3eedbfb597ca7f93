"""
The queue: rows in the database, claimed by a lease.

A room registers its work with ``@job``; a service puts a row in with ``enqueue`` inside its own
transaction. The broker carries only the row's id: a lost message costs a sweep, never a job.

What nobody waits for is a background task: no worker is called for it, each one's own thread takes
such jobs, one at a time, while nothing else is waiting.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, close_old_connections, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from core.models import Job, JobState

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=10)
RENEWAL_SECONDS = 3.0
ATTEMPTS = 3

# A handler does the slow work outside any transaction and returns what to write; that is written
# in the transaction that ends the job, so a worker that lost its lease leaves no trace.
Outcome = Callable[[], None]
Handler = Callable[..., Outcome | None]


@dataclass(frozen=True, slots=True)
class Registered:
    """A task's handler, what to write when every attempt was lost, and whether it can wait."""

    handler: Handler
    give_up: Callable[..., None] | None
    background: bool


_registered: dict[str, Registered] = {}


def job(
    name: str, *, give_up: Callable[..., None] | None = None, background: bool = False
) -> Callable[[Handler], Handler]:
    """Register the handler of a task; it is called with the job's arguments as keywords."""

    def register(handler: Handler) -> Handler:
        _registered[name] = Registered(handler, give_up, background)
        return handler

    return register


def enqueue(task: str, *, key: str, **arguments: object) -> None:
    """Put a job in the queue within the caller's transaction; an open one of the key suffices."""
    # Asked first: the insert would wait for a transaction that is just ending the open one.
    if Job.objects.filter(task=task, key=key, state__in=[JobState.QUEUED, JobState.RUNNING]):
        return
    try:
        with transaction.atomic():
            row = Job.objects.create(task=task, key=key, arguments=arguments)
    except IntegrityError:
        return
    if task not in background_tasks():
        transaction.on_commit(lambda: wake(row.pk), robust=True)


def background_tasks() -> list[str]:
    """Return the tasks that nobody waits for."""
    return [name for name, registered in _registered.items() if registered.background]


def run_in_background() -> bool:
    """Run the oldest job that nobody waits for; False when there is none, or others are waiting."""
    queued = Job.objects.filter(state=JobState.QUEUED).order_by("id")
    if queued.exclude(task__in=background_tasks()).exists():
        return False
    waiting = queued.filter(task__in=background_tasks()).values_list("id", flat=True).first()
    return waiting is not None and run(waiting)


def wake(job_id: int) -> None:
    """Call a worker for the job; when the broker is away, the sweeper will call again."""
    from core.tasks import run_job_task  # noqa: PLC0415 - imported late on purpose

    run_job_task.apply_async(args=(job_id,), retry=False)
    Job.objects.filter(pk=job_id).update(sent=timezone.now())


def run(job_id: int) -> bool:
    """Claim the job, do it and end it; False when somebody else has it or it is over."""
    lease = _claim(job_id)
    if lease is None:
        return False
    row = Job.objects.get(pk=job_id)
    registered = _registered[row.task]
    try:
        with _renewed(job_id, lease):
            outcome = registered.handler(**row.arguments)
        _finish(job_id, lease, outcome)
    except Exception as error:
        logger.exception("Job %s failed in attempt %s.", row, row.attempt)
        release(row, lease, repr(error))
        return False
    return True


def _claim(job_id: int) -> str | None:
    lease = uuid.uuid4().hex
    now = timezone.now()
    free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, leased_until__lt=now)
    claimed = Job.objects.filter(free, pk=job_id, attempt__lt=ATTEMPTS).update(
        state=JobState.RUNNING, attempt=F("attempt") + 1, lease=lease, leased_until=now + LEASE
    )
    return lease if claimed else None


@contextlib.contextmanager
def _renewed(job_id: int, lease: str) -> Iterator[None]:
    """Renew the lease in a thread of its own while the work goes on."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(RENEWAL_SECONDS):
            with contextlib.suppress(Exception):  # the next round tries again; the lease decides
                close_old_connections()
                Job.objects.filter(pk=job_id, lease=lease).update(
                    leased_until=timezone.now() + LEASE
                )
        connection.close()

    thread = threading.Thread(target=renew, name=f"renew-{job_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _finish(job_id: int, lease: str, outcome: Outcome | None) -> None:
    with transaction.atomic():
        ended = Job.objects.filter(pk=job_id, lease=lease, state=JobState.RUNNING).update(
            state=JobState.DONE, finished=timezone.now(), lease="", leased_until=None, error=""
        )
        if ended and outcome is not None:
            outcome()


def release(row: Job, lease: str, error: str) -> None:
    """Give a failed or abandoned job back to the queue, or end it after the last attempt."""
    with transaction.atomic():
        mine = Job.objects.filter(pk=row.pk, lease=lease, state=JobState.RUNNING)
        if row.attempt < ATTEMPTS:
            # ``sent`` is emptied: the sweeper calls a worker in its next round.
            mine.update(state=JobState.QUEUED, lease="", leased_until=None, sent=None, error=error)
            return
        ended = mine.update(
            state=JobState.FAILED, lease="", leased_until=None, finished=timezone.now(), error=error
        )
        give_up = _registered[row.task].give_up
        if ended and give_up is not None:
            give_up(**row.arguments)
