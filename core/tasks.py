"""The one message that the broker carries."""

from __future__ import annotations

from celery import shared_task

from core import jobs


@shared_task(ignore_result=True)
def run_job_task(job_id: int, **_later: object) -> None:
    """Run the job of this id; delivering the message twice, or never, is harmless."""
    jobs.run(job_id)
