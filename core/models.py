"""What two or more rooms write: the audit log, the queue, who sweeps, and which bytes are kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class AuditEvent(models.Model):
    """One change of state: who did what to what. Written in the transaction of the change."""

    created = models.DateTimeField(auto_now_add=True, db_index=True)
    # Kept when the account goes: the log outlives people, so the name is stored beside the key.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor = models.CharField(max_length=100, help_text="a person's name, or the hub")
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=255, db_index=True)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.target}"


class JobState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(models.Model):
    """
    One piece of work for a worker. The row is the queue and the outbox; the broker only wakes.

    ``key`` names the work: of one task and key at most one job is open. A running job belongs to
    whoever holds ``lease`` until ``leased_until``.
    """

    task = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease = models.CharField(max_length=32, blank=True, default="")
    leased_until = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    sent = models.DateTimeField(null=True, help_text="when a worker was last called")
    finished = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "key"],
                condition=models.Q(state__in=["queued", "running"]),
                name="one_open_job_per_key",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=JobState.values), name="job_state_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "leased_until"],
                condition=models.Q(state__in=["queued", "running"]),
                name="open_jobs",
            )
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.key} ({self.state})"


class Lease(models.Model):
    """Who may do what only one process at a time may do, and until when."""

    name = models.CharField(max_length=60, primary_key=True)
    holder = models.CharField(max_length=32)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} until {self.until}"


class Content(models.Model):
    """
    Bytes that the content store holds, or will hold in a moment.

    ``touched`` is when somebody last relied on them without a link that shows it: garbage is what
    nothing links and nobody touched for the grace. ``deleting`` is when a collector began to
    delete them; until the row is gone nobody may rely on them.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    touched = models.DateTimeField(db_index=True)
    deleting = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"sha256:{self.sha256}"
