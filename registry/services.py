"""Everything that changes a repository: uploads, blobs, manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from catalog.services import accept_manifest, open_extension
from core.content import ContentError, DigestMismatchError, content_store
from core.errors import NotFoundError
from core.policy import Permission, require
from registry.digests import stored_digest
from registry.errors import (
    ManifestBlobUnknownError,
    SizeInvalidError,
    UploadUnknownError,
)
from registry.models import BlobLink, ManifestBlob, Upload
from registry.selectors import get_repository, readable_blob, visibility_of
from validation.services import request_validation
from wasmhub.oci import (
    InvalidDigestError,
    InvalidManifestError,
    InvalidNameError,
    check_tag,
    module_layer,
    parse_manifest,
    sha256_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from catalog.models import Extension, Manifest
    from core.actor import Actor
    from wasmhub.oci import Descriptor, Digest, ParsedManifest, Repository

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
    except ContentError as error:
        raise UploadUnknownError(OVER) from error


def advance_upload(*, actor: Actor, upload: Upload, offset: int) -> None:
    """
    Let the bytes up to ``offset`` count as received.

    :raises UploadUnknownError: the upload ended, or another request moved it
    """
    require(actor, Permission.EXTENSION_PUBLISH, **_where(upload.extension))
    mine = Upload.objects.filter(pk=upload.pk, offset=upload.offset)
    if not mine.update(offset=offset, touched=timezone.now()):
        raise UploadUnknownError(OVER)


def finish_upload(*, actor: Actor, upload: Upload, digest: Digest) -> BlobLink:
    """
    Make the upload a blob of the repository: first the bytes, durably, then the link.

    :raises DigestMismatchError: the bytes are others; nothing is kept
    :raises UploadUnknownError: the upload ended meanwhile
    """
    require(actor, Permission.EXTENSION_PUBLISH, **_where(upload.extension))
    row = Upload.objects.filter(pk=upload.pk)
    try:
        size = content_store().commit(str(upload.pk), digest.hex)
    except DigestMismatchError:
        row.delete()
        raise
    except ContentError as error:
        raise UploadUnknownError(OVER) from error
    with transaction.atomic():
        row.delete()
        return link_blob(extension=upload.extension, digest=digest, size=size)


def cancel_upload(*, actor: Actor, upload: Upload) -> None:
    """Forget the upload and its bytes."""
    require(actor, Permission.EXTENSION_PUBLISH, **_where(upload.extension))
    _forget(upload)


def expire_uploads(*, before: datetime) -> None:
    """Forget uploads that nobody has touched since then."""
    for upload in Upload.objects.filter(touched__lt=before):
        _forget(upload)


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
        blob = readable_blob(
            actor=actor,
            extension=get_repository(actor=actor, repository=source),
            digest=digest,
        )
    except NotFoundError:
        return None
    return link_blob(extension=extension, digest=digest, size=blob.size)


def push_manifest(
    *, actor: Actor, repository: Repository, reference: str, media_type: str, content: bytes
) -> tuple[Manifest, ParsedManifest]:
    """
    Accept a manifest under a tag or its digest, all of it in one transaction.

    :raises InvalidManifestError: it is malformed, or two kinds at once, or the tag is none
    :raises InvalidDigestError: the digest is not that of the bytes, or no sha256
    :raises ManifestBlobUnknownError: a blob or a child manifest is not in the repository
    :raises VersionExistsError: the tag is a version that passed with other bytes
    :raises NotFoundError: the actor may not know of the repository or its namespace
    :raises NotAllowedError: the actor may read, but not publish
    """
    tag = _tag(reference, content)
    parsed = parse_manifest(content, media_type)
    with transaction.atomic():
        extension = open_extension(
            actor=actor, namespace=repository.namespace, name=repository.name
        )
        manifest = record_manifest(
            actor=actor, extension=extension, content=content, parsed=parsed, tag=tag
        )
    return manifest, parsed


@transaction.atomic
def record_manifest(
    *,
    actor: Actor,
    extension: Extension,
    content: bytes,
    parsed: ParsedManifest,
    tag: str | None = None,
) -> Manifest:
    """
    Write a manifest, the links to its blobs and its name, and ask for its validation.

    :raises ManifestBlobUnknownError: a blob or a child manifest is not in the repository
    """
    links = _linked(extension, parsed.required_blobs())
    children = _children(extension, parsed.manifests)
    has_module = module_layer(parsed) is not None or any(
        child.verdict is not None for child in children
    )
    manifest = accept_manifest(
        actor=actor,
        extension=extension,
        digest=str(sha256_of(content)),
        media_type=parsed.media_type,
        content=content,
        has_module=has_module,
        tag=tag,
    )
    named = [ManifestBlob(manifest=manifest, link=link) for link in links]
    ManifestBlob.objects.bulk_create(named, ignore_conflicts=True)
    if has_module:
        request_validation(manifest=manifest)
    return manifest


def link_blob(*, extension: Extension, digest: Digest, size: int) -> BlobLink:
    """Let a blob that the store holds exist for the repository."""
    link, _ = BlobLink.objects.get_or_create(
        extension=extension, digest=str(digest), defaults={"size": size}
    )
    return link


def _where(extension: Extension) -> dict[str, str]:
    """Return what the policy needs to know of the place."""
    return {"namespace": extension.namespace.name, "visibility": visibility_of(extension)}


def _forget(upload: Upload) -> None:
    Upload.objects.filter(pk=upload.pk).delete()
    content_store().abort(str(upload.pk))


def _tag(reference: str, content: bytes) -> str | None:
    """Return the tag of a reference, or None for the digest of these very bytes."""
    if ":" not in reference:
        try:
            return check_tag(reference)
        except InvalidNameError as error:
            raise InvalidManifestError(str(error)) from error
    digest = stored_digest(reference)
    if not digest.matches(content):
        raise InvalidDigestError("The manifest's bytes are not those of the digest.")
    return None


def _linked(extension: Extension, blobs: Iterable[Descriptor]) -> list[BlobLink]:
    """Return the links to all these blobs, each of the size that the manifest states."""
    wanted = {str(blob.digest): blob for blob in blobs}
    links = {link.digest: link for link in extension.blob_links.filter(digest__in=wanted)}
    for digest, blob in wanted.items():
        if digest not in links:
            raise ManifestBlobUnknownError(
                f"Push the blob {digest} first: the manifest names it.", digest=digest
            )
        if links[digest].size != blob.size:
            raise SizeInvalidError(
                f"The blob {digest} has {links[digest].size} bytes, not {blob.size}.",
                digest=digest,
            )
    return list(links.values())


def _children(extension: Extension, manifests: Iterable[Descriptor]) -> list[Manifest]:
    wanted = {str(child.digest) for child in manifests}
    children = list(extension.manifests.filter(digest__in=wanted))
    missing = sorted(wanted - {child.digest for child in children})
    if missing:
        raise ManifestBlobUnknownError(
            f"Push the manifest {missing[0]} first: the index names it.", digest=missing[0]
        )
    return children
