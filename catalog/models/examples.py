"""Trials that an author keeps, what is expected of them, and how each release did."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from catalog.models.extensions import Extension, validate_shown
from catalog.models.releases import Release

EXAMPLE_NAME = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class ExampleState(models.TextChoices):
    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not-run"


class TrialExample(models.Model):
    """
    A trial and its expected result, in the shapes of ``wasmhub.proxywasm.host``.

    ``revision`` counts the changes of what is run and expected: a result of an older one is none.
    ``author`` made the last of them; what the trial's chain may hold is for them to see.
    """

    extension = models.ForeignKey(Extension, on_delete=models.CASCADE, related_name="examples")
    name = models.CharField(max_length=60)
    description = models.CharField(
        max_length=200, blank=True, default="", validators=[validate_shown]
    )
    trial = models.JSONField()
    expected = models.JSONField()
    revision = models.PositiveIntegerField(default=1)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["extension", "name"], name="example_name_unique"),
            models.CheckConstraint(
                condition=models.Q(name__regex=EXAMPLE_NAME), name="example_name_grammar"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.extension}"


class ExampleResult(models.Model):
    """
    How a release did on an example.

    ``differences`` are sentences, none when it passed; ``reason`` is why it was not run.
    """

    example = models.ForeignKey(TrialExample, on_delete=models.CASCADE, related_name="results")
    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="example_results")
    state = models.CharField(max_length=10, choices=ExampleState.choices)
    differences = models.JSONField(default=list)
    reason = models.TextField(blank=True, default="")
    run = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["example", "release"], name="one_result_per_release"),
            models.CheckConstraint(
                condition=models.Q(state__in=ExampleState.values), name="example_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.example} {self.state} on {self.release}"


class StandardTrial(models.Model):
    """What a module does to a plain request; ``summary`` has the shape of ``validation``'s."""

    sha256 = models.CharField(max_length=64, unique=True, help_text="of the module")
    summary = models.JSONField()
    created = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.sha256[:12]} on a plain request"
