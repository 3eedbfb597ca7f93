"""What real proxies said of a module."""

from __future__ import annotations

from django.db import models


class Proof(models.Model):
    """
    One run of a module in a real Envoy; of each release of Envoy there is one at most.

    ``loads`` is null when the run was cut short, which says nothing of the module; ``log`` is the
    line that decided.
    """

    sha256 = models.CharField(max_length=64, help_text="of the module")
    version = models.CharField(max_length=20, help_text="of Envoy")
    loads = models.BooleanField(null=True)
    disputed = models.BooleanField(default=False, help_text="contradicts what was computed")
    log = models.TextField(blank=True, default="")
    created = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sha256", "version"], name="proven_once_per_envoy"),
        ]

    def __str__(self) -> str:
        return f"{self.sha256[:12]} in Envoy {self.version}"
