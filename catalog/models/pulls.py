"""How often a manifest was pulled, and since when somebody else may rely on it."""

from __future__ import annotations

from django.db import models

from catalog.models.manifests import Manifest


class PullCount(models.Model):
    """The pulls of a manifest on one day (UTC)."""

    manifest = models.ForeignKey(Manifest, on_delete=models.CASCADE, related_name="pull_counts")
    day = models.DateField()
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["manifest", "day"], name="pulls_counted_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.count} pulls of {self.manifest} on {self.day}"


class ManifestPull(models.Model):
    """The mark that somebody else than its publishers pulled a manifest; it is never taken away."""

    manifest = models.OneToOneField(
        Manifest, on_delete=models.CASCADE, related_name="pulled_by_others"
    )
    first_by_others = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.manifest} pulled on {self.first_by_others}"
