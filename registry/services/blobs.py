"""Blobs of a repository: links to bytes that the content store holds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import ProtectedError
from django.utils import timezone

from catalog.selectors import where
from catalog.services import check_quota, open_extension
from core.content import Kept, claim, content_store
from core.errors import ConflictError, NotFoundError
from core.policy import Permission, require
from registry.errors import BlobUnknownError
from registry.models import BlobLink
from registry.selectors import get_repository, namespace_bytes, stored_blob

if TYPE_CHECKING:
    from catalog.models import Extension
    from core.actor import Actor
    from wasmhub.oci import Digest, Repository

# Relying on a blob writes a row at most so often; the collector's grace is far longer.
TOUCHED_EVERY = timedelta(minutes=5)


def link_blob(*, extension: Extension, digest: Digest, kept: Kept) -> BlobLink:
    """Let a blob that the store holds, and that was claimed, exist for the repository."""
    link, created = BlobLink.objects.get_or_create(
        extension=extension,
        digest=str(digest),
        defaults=kept._asdict(),
    )
    if not created and not BlobLink.objects.filter(pk=link.pk).update(touched=timezone.now()):
        return link_blob(extension=extension, digest=digest, kept=kept)
    return link


def check_room(*, extension: Extension, sha256: str, size: int) -> None:
    """
    Check that the extension's namespace may hold these bytes, unless it does already.

    :raises QuotaExceededError: they are too many
    """
    namespace = extension.namespace.name
    here = BlobLink.objects.filter(extension__namespace=extension.namespace_id, sha256=sha256)
    if not here.exists():
        check_quota(namespace, size, lambda: namespace_bytes(namespace))


def rely_on(link: BlobLink) -> None:
    """
    Keep the collector from a blob that a client was told it need not push.

    :raises BlobUnknownError: the collector was faster
    """
    now = timezone.now()
    if now - link.touched < TOUCHED_EVERY:
        return
    if not BlobLink.objects.filter(pk=link.pk).update(touched=now):
        raise BlobUnknownError("There is no such blob in this repository.", digest=link.digest)


def mount_blob(
    *, actor: Actor, repository: Repository, digest: Digest, source: Repository
) -> BlobLink | None:
    """
    Link a blob of another repository; None when the actor may not read such a blob there.

    :raises NotFoundError: the actor may not know of the repository or its namespace
    :raises NotAllowedError: the actor may read, but not publish
    """
    extension = open_extension(actor=actor, namespace=repository.namespace, name=repository.name)
    try:
        there = get_repository(actor=actor, repository=source)
        blob = stored_blob(actor=actor, extension=there, digest=digest)
    except NotFoundError:
        return None
    claim(blob.sha256)
    if (
        content_store().stat(blob.sha256, fresh=True) != blob.size
    ):  # collected before it was claimed
        return None
    check_room(extension=extension, sha256=blob.sha256, size=blob.size)
    kept = Kept(blob.sha256, blob.size, blob.blake3)
    return link_blob(extension=extension, digest=digest, kept=kept)


def delete_blob(*, actor: Actor, repository: Repository, digest: Digest) -> None:
    """
    Take a blob out of the repository; the collector frees its bytes.

    :raises NotFoundError: the actor may not know of the repository
    :raises NotAllowedError: the actor may read, but not publish
    :raises BlobUnknownError: there is none
    :raises ConflictError: a manifest names it
    """
    extension = get_repository(actor=actor, repository=repository)
    require(actor, Permission.EXTENSION_PUBLISH, **where(extension))
    link = extension.blob_links.filter(digest=str(digest)).first()
    if link is None:
        raise BlobUnknownError("There is no such blob in this repository.", digest=digest)
    try:
        link.delete()
    except ProtectedError as error:
        raise ConflictError("A manifest names this blob: delete that first.") from error
