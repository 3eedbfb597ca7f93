"""Uploads: bytes on their way to become a blob of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.selectors import where
from catalog.services import open_extension
from core.content import DigestMismatchError, commit, content_store
from core.policy import Permission, require
from registry.errors import UploadUnknownError
from registry.models import BlobLink, Upload
from registry.services.blobs import check_room, link_blob
from registry.stores.staging import UploadGoneError

if TYPE_CHECKING:
    from datetime import datetime

    from core.actor import Actor
    from wasmhub.oci import Digest, Repository

OVER = "This upload is over: begin a new one."


def begin_upload(*, actor: Actor, repository: Repository) -> Upload:
    """
    Begin an upload; a repository that does not exist is made.

    :raises NotFoundError: the actor may not know of the repository or its namespace
    :raises NotAllowedError: the actor may read, but not publish
    """
    extension = open_extension(actor=actor, namespace=repository.namespace, name=repository.name)
    upload = Upload.objects.create(extension=extension, user_id=actor.account)
    content_store().begin(str(upload.pk))
    return upload


def append_to_upload(*, upload: Upload, offset: int, data: bytes) -> int:
    """
    Keep bytes behind ``offset`` and return where they end; ``advance_upload`` makes them count.

    :raises UploadUnknownError: the upload ended meanwhile
    """
    try:
        return content_store().append(str(upload.pk), offset, data)
    except UploadGoneError as error:
        raise UploadUnknownError(OVER) from error


def advance_upload(*, actor: Actor, upload: Upload, offset: int) -> None:
    """
    Let the bytes up to ``offset`` count as received.

    :raises UploadUnknownError: the upload ended, or another request moved it
    """
    require(actor, Permission.EXTENSION_PUBLISH, **where(upload.extension))
    mine = Upload.objects.filter(pk=upload.pk, offset=upload.offset)
    if not mine.update(offset=offset, touched=timezone.now()):
        raise UploadUnknownError(OVER)


def finish_upload(*, actor: Actor, upload: Upload, digest: Digest) -> BlobLink:
    """
    Make the upload a blob of the repository: first the bytes, durably, then the link.

    :raises DigestMismatchError: the bytes are others; nothing is kept
    :raises UploadUnknownError: the upload ended meanwhile
    :raises ContentError: the store failed; the upload is still there
    :raises QuotaExceededError: the namespace may not hold so much
    """
    require(actor, Permission.EXTENSION_PUBLISH, **where(upload.extension))
    row = Upload.objects.filter(pk=upload.pk)
    try:
        sha256 = _sha256(str(upload.pk), digest)
        kept = commit(str(upload.pk), sha256)
    except DigestMismatchError:
        _forget(upload)
        raise
    except UploadGoneError as error:
        raise UploadUnknownError(OVER) from error
    with transaction.atomic():
        deleted, _ = row.delete()
        if not deleted:  # cancelled, or its repository is gone; the collector takes the bytes
            raise UploadUnknownError(OVER)
        check_room(extension=upload.extension, sha256=sha256, size=kept.size)
        return link_blob(extension=upload.extension, digest=digest, kept=kept)


def cancel_upload(*, actor: Actor, upload: Upload) -> None:
    """Forget the upload and its bytes."""
    require(actor, Permission.EXTENSION_PUBLISH, **where(upload.extension))
    _forget(upload)


def expire_uploads(*, before: datetime) -> None:
    """Forget uploads that nobody has touched since then, and bytes that are nobody's upload."""
    for upload in Upload.objects.filter(touched__lt=before):
        _forget(upload)
    store = content_store()
    for staged in store.staged(before):
        # A repository that was deleted took its uploads along; a process died over its own.
        if not _is_open(staged):
            store.abort(staged)


def _is_open(staged: str) -> bool:
    try:
        return Upload.objects.filter(pk=staged).exists()
    except ValidationError:  # not the id of an upload: what the hub itself puts in has others
        return False


def _sha256(upload: str, digest: Digest) -> str:
    """Return by which sha256 the store will keep what a client names by another algorithm."""
    if digest.algorithm == "sha256":
        return digest.hex
    if content_store().hash(upload, digest.algorithm) != digest.hex:
        raise DigestMismatchError("The bytes that arrived are not those of the digest.")
    return content_store().hash(upload, "sha256")


def _forget(upload: Upload) -> None:
    Upload.objects.filter(pk=upload.pk).delete()
    content_store().abort(str(upload.pk))
