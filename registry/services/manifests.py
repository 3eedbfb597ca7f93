"""Manifests: accepted whole, with all that they name, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from catalog.services import accept_manifest, delete_manifest, delete_tag, hold, open_extension
from core.errors import NotAllowedError, NotFoundError
from registry.errors import ManifestBlobUnknownError, ManifestUnknownError, SizeInvalidError
from registry.models import BlobLink, ManifestBlob
from registry.selectors import get_repository
from validation.services import request_validation
from wasmhub.oci import (
    Digest,
    InvalidDigestError,
    InvalidManifestError,
    InvalidNameError,
    check_tag,
    is_converted_tag,
    module_layer,
    parse_manifest,
    sha256_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from catalog.models import Extension, Manifest
    from core.actor import Actor
    from wasmhub.oci import Descriptor, ParsedManifest, Repository


def push_manifest(  # noqa: PLR0913 - its parts are its arguments
    *,
    actor: Actor,
    repository: Repository,
    reference: str,
    media_type: str,
    content: bytes,
    tags: Sequence[str] = (),
) -> tuple[Manifest, ParsedManifest]:
    """
    Accept a manifest under a tag or its digest, and under more ``tags``, in one transaction.

    :raises InvalidManifestError: it is malformed, or two kinds at once, or a tag is none
    :raises InvalidDigestError: the digest is not that of the bytes
    :raises ManifestBlobUnknownError: a blob or a child manifest is not in the repository
    :raises VersionExistsError: a tag is a version that passed with other bytes
    :raises NotFoundError: the actor may not know of the repository or its namespace
    :raises NotAllowedError: the actor may read, but not publish; or the tag is the hub's own
    """
    digest, names = _names(reference, tags, content)
    if any(tag is not None and is_converted_tag(tag) for tag in names):
        raise NotAllowedError("Tags like this one name what the hub converted: push another tag.")
    parsed = parse_manifest(content, media_type)
    with transaction.atomic():
        extension = open_extension(
            actor=actor, namespace=repository.namespace, name=repository.name
        )
        for tag in names:
            manifest = record_manifest(
                actor=actor,
                extension=extension,
                content=content,
                parsed=parsed,
                tag=tag,
                digest=digest,
            )
    return manifest, parsed


def delete_reference(*, actor: Actor, repository: Repository, reference: str) -> None:
    """
    Delete a tag, or a manifest with all its tags.

    :raises NotFoundError: the actor may not know of the repository
    :raises NotAllowedError: the actor may read, but not delete this
    :raises ManifestUnknownError: there is no such tag or manifest
    :raises ConflictError: something else names the manifest
    """
    extension = get_repository(actor=actor, repository=repository)
    try:
        if ":" in reference:
            digest = str(Digest.parse(reference))
            delete_manifest(actor=actor, extension=extension, digest=digest)
        else:
            delete_tag(actor=actor, extension=extension, name=check_tag(reference))
    except (NotFoundError, InvalidNameError) as error:
        raise ManifestUnknownError(
            "There is no manifest of this name in this repository.", reference=reference
        ) from error


@transaction.atomic
def record_manifest(  # noqa: PLR0913 - its parts are its arguments
    *,
    actor: Actor,
    extension: Extension,
    content: bytes,
    parsed: ParsedManifest,
    tag: str | None = None,
    digest: Digest | None = None,
) -> Manifest:
    """
    Write a manifest, the links to its blobs and its name, and ask for its validation.

    ``digest`` is how the client names it, unless by sha256.

    :raises ManifestBlobUnknownError: a blob or a child manifest is not in the repository
    """
    extension = hold(extension.pk)  # what is found below stays until this is written
    links = _linked(extension, parsed.required_blobs())
    children = _children(extension, parsed.manifests)
    has_module = module_layer(parsed) is not None or any(
        child.verdict is not None for child in children
    )
    manifest = accept_manifest(
        actor=actor,
        extension=extension,
        digest=str(digest or sha256_of(content)),
        media_type=parsed.media_type,
        content=content,
        has_module=has_module,
        subject=str(parsed.subject.digest) if parsed.subject else "",
        tag=tag,
    )
    named = [ManifestBlob(manifest=manifest, link=link) for link in links]
    ManifestBlob.objects.bulk_create(named, ignore_conflicts=True)
    if has_module:
        request_validation(manifest=manifest)
    return manifest


def _names(
    reference: str, tags: Sequence[str], content: bytes
) -> tuple[Digest | None, list[str | None]]:
    """Return the digest that the client gave, if any, and the tags; none is one unnamed push."""
    if ":" not in reference:
        return None, [_tag(reference)]
    digest = Digest.parse(reference)
    if not digest.matches(content):
        raise InvalidDigestError("The manifest's bytes are not those of the digest.")
    return digest, [_tag(tag) for tag in tags] or [None]


def _tag(text: str) -> str:
    try:
        return check_tag(text)
    except InvalidNameError as error:
        raise InvalidManifestError(str(error)) from error


def _linked(extension: Extension, blobs: Iterable[Descriptor]) -> list[BlobLink]:
    """Return the links to all these blobs, each of the size that the manifest states."""
    wanted = {str(blob.digest): blob for blob in blobs}
    # First of all: from here on the collector leaves them alone.
    extension.blob_links.filter(digest__in=wanted).update(touched=timezone.now())
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
