"""Names for manifests: releases never move, tags do."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from catalog.models.extensions import Extension, validate_shown
from catalog.models.manifests import Manifest, Verdict


class Release(models.Model):
    """
    An immutable version of an extension.

    An upload through the page or the REST API reserves the version first: until a worker has
    packed the module, ``manifest`` is null, and ``failure`` says why when it cannot be packed.
    ``yanked`` is why it is no longer offered; its digest can still be pulled.
    """

    extension = models.ForeignKey(Extension, on_delete=models.CASCADE, related_name="releases")
    version = models.CharField(max_length=128, help_text="without the v")
    tag = models.CharField(max_length=128, help_text="as it was pushed")
    manifest = models.ForeignKey(
        Manifest, null=True, on_delete=models.PROTECT, related_name="releases"
    )
    upload_sha256 = models.CharField(max_length=64, blank=True, default="")
    failure = models.JSONField(null=True, help_text="the finding that stopped the packing")
    passed = models.DateTimeField(null=True, help_text="from here on it never changes")
    yanked = models.CharField(
        max_length=300, blank=True, default="", validators=[validate_shown], help_text="why"
    )
    yanked_at = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["extension", "version"], name="release_version_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.extension} {self.version}"

    @property
    def verdict(self) -> str:
        """What the hub thinks of the release, in one word."""
        if self.failure is not None:
            return Verdict.FAILED.value
        if self.manifest is None:
            return Verdict.PENDING.value
        return self.manifest.verdict or Verdict.PENDING.value


class Tag(models.Model):
    """
    A moving tag. Those who may publish get ``pushed``; readers get ``served``.

    ``served`` is the last digest that passed: a failing push never takes a working tag away.
    """

    extension = models.ForeignKey(Extension, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=128)
    pushed = models.ForeignKey(Manifest, on_delete=models.PROTECT, related_name="+")
    served = models.ForeignKey(Manifest, null=True, on_delete=models.PROTECT, related_name="+")
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["extension", "name"], name="tag_name_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.extension}:{self.name}"
