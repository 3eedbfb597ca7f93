"""Which blobs an extension's repository holds, uploads under way, and the keys of tokens."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import AccessToken
from catalog.models import Extension, Manifest


class BlobLink(models.Model):
    """A blob exists for a repository only once it is linked."""

    extension = models.ForeignKey(Extension, on_delete=models.CASCADE, related_name="blob_links")
    digest = models.CharField(max_length=140, help_text="as the client named it")
    sha256 = models.CharField(max_length=64, db_index=True, help_text="of the stored bytes")
    blake3 = models.CharField(max_length=64, blank=True, default="", help_text="the same, if known")
    size = models.PositiveBigIntegerField()
    created = models.DateTimeField(auto_now_add=True)
    # When a client was last told that it need not push the blob again.
    touched = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["extension", "digest"], name="blob_linked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.digest} in {self.extension}"


class ManifestBlob(models.Model):
    """A manifest names a blob; this decides who may read the blob."""

    manifest = models.ForeignKey(Manifest, on_delete=models.CASCADE, related_name="blobs")
    link = models.ForeignKey(BlobLink, on_delete=models.PROTECT, related_name="manifests")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["manifest", "link"], name="manifest_names_blob_once"),
        ]

    def __str__(self) -> str:
        return f"{self.link.digest} of {self.manifest.digest}"


class Upload(models.Model):
    """An upload under way. ``offset`` is how many bytes are kept; it only moves forward."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    extension = models.ForeignKey(Extension, on_delete=models.CASCADE, related_name="uploads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    offset = models.PositiveBigIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    touched = models.DateTimeField(auto_now=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.id} at {self.offset}"


class SigningKey(models.Model):
    """A key that signs registry tokens, encrypted under the site's secret key."""

    kid = models.CharField(max_length=32, primary_key=True)
    encrypted = models.TextField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created", "-kid"]

    def __str__(self) -> str:
        return self.kid


class RefreshToken(models.Model):
    """
    What a client keeps after a login instead of the access token; it ends with that one.

    Only the token endpoint takes it; it has no scope of its own.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    access_token = models.ForeignKey(
        AccessToken, on_delete=models.CASCADE, related_name="refresh_tokens"
    )
    created = models.DateTimeField(auto_now_add=True)
    used = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"refreshes {self.access_token}"
