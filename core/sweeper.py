"""
The sweeper: every two seconds one process, elected by a lease, puts right what was lost.

It calls workers for jobs that nobody was called for, takes jobs back whose worker died, and does
the rooms' periodic work.
"""

from __future__ import annotations

import logging
import threading
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import close_old_connections, connection
from django.db.models import Q
from django.utils import timezone

from core import jobs, leases
from core.models import Job, JobState

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

EVERY_SECONDS = 2.0
ELECTION = timedelta(seconds=10)
# A message may lie in the broker while workers are busy; a second one costs them one query.
UNANSWERED_AFTER = timedelta(seconds=15)
BATCH = 100


@dataclass(slots=True)
class Periodic:
    """A room's periodic work, and when it is due next in this process."""

    work: Callable[[], None]
    every: timedelta
    due: datetime


_periodic: list[Periodic] = []


def periodic(*, every: timedelta) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register work that the sweeper does again and again; it must bear being done twice."""

    def register(work: Callable[[], None]) -> Callable[[], None]:
        _periodic.append(Periodic(work, every, timezone.now()))
        return work

    return register


def sweep(holder: str) -> bool:
    """Do one round if this holder is, or becomes, the elected one."""
    if not leases.take("sweeper", holder=holder, term=ELECTION):
        return False
    _take_back_abandoned()
    _call_again()
    for entry in _periodic:
        if entry.due <= timezone.now():
            entry.due = timezone.now() + entry.every
            entry.work()
    return True


def _take_back_abandoned() -> None:
    over = Job.objects.filter(state=JobState.RUNNING, leased_until__lt=timezone.now())
    for row in over[:BATCH]:
        logger.warning("The worker of %s is gone after attempt %s.", row, row.attempt)
        jobs.release(row, row.lease, "The worker was lost.")


def _call_again() -> None:
    unanswered = Q(sent__isnull=True) | Q(sent__lt=timezone.now() - UNANSWERED_AFTER)
    waiting = Job.objects.filter(unanswered, state=JobState.QUEUED).order_by("id")
    waiting = waiting.exclude(task__in=jobs.background_tasks())
    for job_id in waiting.values_list("id", flat=True)[:BATCH]:
        jobs.wake(job_id)


class Sweeper(threading.Thread):
    """Sweep in the background until told to stop."""

    def __init__(self) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._holder = uuid.uuid4().hex
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            try:
                close_old_connections()
                sweep(self._holder)
            except Exception:
                logger.exception("A sweep failed; the next one tries again.")
        connection.close()

    def stop(self) -> None:
        self._stopped.set()
        self.join()
