"""What was pushed, byte for byte, and the verdict on it."""

from __future__ import annotations

from typing import Any

from django.db import models

from catalog.models.extensions import Extension


class Verdict(models.TextChoices):
    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"
    QUARANTINED = "quarantined"


class Module(models.Model):
    """
    The Wasm bytes inside a manifest, and the facts that one rule set read from them.

    Extensions share a row, so it has nothing that an image says of the bytes: see
    ``Manifest.facts``.
    """

    sha256 = models.CharField(max_length=64)
    rule_set = models.PositiveIntegerField()
    size = models.PositiveBigIntegerField()
    facts = models.JSONField()
    # The few facts that lists show; all of them can be megabytes.
    summary = models.JSONField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sha256", "rule_set"], name="facts_once_per_rule_set"),
        ]

    def __str__(self) -> str:
        return f"{self.sha256[:12]} (rules {self.rule_set})"


class Manifest(models.Model):
    """
    A manifest of an extension, as it was pushed.

    ``verdict`` is null for content without a module. ``module`` is the digest of the bytes that a
    proxy would run; it is set by the worker together with the verdict.
    """

    extension = models.ForeignKey(Extension, on_delete=models.CASCADE, related_name="manifests")
    digest = models.CharField(max_length=140)
    media_type = models.CharField(max_length=255)
    content = models.BinaryField()
    # What the manifest says something about: it is a referrer of this digest.
    subject = models.CharField(max_length=140, blank=True, default="")
    # Null is "no module", which is no verdict.
    verdict = models.CharField(max_length=12, choices=Verdict.choices, null=True)  # noqa: DJ001 - see above
    findings = models.JSONField(default=list)
    packaging = models.JSONField(null=True, help_text="the doctor's word; see docs/api.md")
    module = models.ForeignKey(
        Module, null=True, on_delete=models.PROTECT, related_name="manifests"
    )
    created = models.DateTimeField(auto_now_add=True)
    judged = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["extension", "digest"], name="manifest_digest_unique"),
            models.CheckConstraint(
                condition=models.Q(verdict__isnull=True) | models.Q(verdict__in=Verdict.values),
                name="manifest_verdict_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["extension", "subject"],
                condition=~models.Q(subject=""),
                name="referrers",
            )
        ]

    def __str__(self) -> str:
        return f"{self.extension}@{self.digest}"

    @property
    def root_ids(self) -> list[str]:
        """The root ids that the image declares, or the one by default."""
        return (self.packaging or {}).get("root_ids") or [""]

    @property
    def facts(self) -> dict[str, Any]:
        """The facts of the module, with what this image says of it; nothing when there is none."""
        return {**self.module.facts, "root_ids": self.root_ids} if self.module else {}

    @property
    def is_readable(self) -> bool:
        """Whether those who may only read get it."""
        return self.verdict == Verdict.PASSED
