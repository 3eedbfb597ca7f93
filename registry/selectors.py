"""What an actor may read of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Max, Sum

from catalog.models import Extension, Manifest, Verdict
from catalog.selectors import (
    find_extension,
    may_publish,
    readers_get,
    resolve_manifest,
    where,
)
from core.content import content_store
from core.errors import NotFoundError
from core.policy import Permission, Visibility, allows, require
from registry.errors import BlobUnknownError, ManifestUnknownError, UploadUnknownError
from registry.models import BlobLink, Upload
from registry.scopes import PERMISSIONS
from wasmhub.oci import Digest, InvalidDigestError, InvalidNameError, Repository, check_tag

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from core.actor import Actor

# Of so many manifests without a module that name a blob, one has to be readable.
NAMING = 100


def get_repository(*, actor: Actor, repository: Repository) -> Extension:
    """
    Return the extension behind a repository.

    Those who may publish see it from its first upload on, everybody else from its first manifest.

    :raises NotFoundError: it is absent, or the actor may not see it
    """
    extension = find_extension(repository.namespace, repository.name)
    if extension is not None:
        if may_publish(actor, extension):
            return extension
        if extension.pushed and allows(actor, Permission.EXTENSION_READ, **where(extension)):
            return extension
    raise NotFoundError("There is no such repository that you can see.")


def is_readable(*, actor: Actor, repository: Repository) -> bool:
    """Test that there is such a repository and that the actor may read in it."""
    try:
        get_repository(actor=actor, repository=repository)
    except NotFoundError:
        return False
    return True


def require_publish(*, actor: Actor, repository: Repository) -> None:
    """
    Let the actor pass who may publish to the repository, whether it exists or not.

    :raises NotFoundError: the actor may not know of the repository or its namespace
    :raises NotAllowedError: the actor may read, but not publish
    """
    require(actor, Permission.EXTENSION_PUBLISH, **_place(repository))


def readable_blob(*, actor: Actor, extension: Extension, digest: Digest) -> BlobLink:
    """
    Return the link to a blob that the actor may read.

    Those who may not publish read what a manifest names that they may read, and nothing else.

    :raises BlobUnknownError: there is no such blob for this actor
    """
    link = extension.blob_links.filter(digest=str(digest)).first()
    if link is None or not (may_publish(actor, extension) or _readers_get(link)):
        raise BlobUnknownError("There is no such blob in this repository.", digest=digest)
    return link


def stored_blob(*, actor: Actor, extension: Extension, digest: Digest) -> BlobLink:
    """
    Return the link to a blob that the actor may read and that the store holds right now.

    Should the store have lost it, a client that is told so uploads it again.

    :raises BlobUnknownError: there is no such blob for this actor
    """
    link = readable_blob(actor=actor, extension=extension, digest=digest)
    if content_store().stat(link.sha256, fresh=True) != link.size:
        raise BlobUnknownError("There is no such blob in this repository.", digest=digest)
    return link


def readable_manifest(*, actor: Actor, extension: Extension, reference: str) -> Manifest:
    """
    Return the manifest that a tag or a digest names for this actor, who may read the extension.

    :raises ManifestUnknownError: nothing there has this name for the actor
    """
    try:
        _check_reference(reference)
        return resolve_manifest(actor=actor, extension=extension, reference=reference)
    except (NotFoundError, InvalidNameError, InvalidDigestError) as error:
        raise ManifestUnknownError(
            "There is no manifest of this name in this repository.", reference=reference
        ) from error


def get_upload(*, actor: Actor, repository: Repository, upload_id: UUID) -> Upload:
    """
    Return the actor's own upload to the repository.

    :raises UploadUnknownError: it is over, or of another person or repository
    """
    extension = find_extension(repository.namespace, repository.name)
    upload = (
        Upload.objects.select_related("extension__namespace")
        .filter(pk=upload_id, extension=extension)
        .first()
    )
    if upload is None or upload.user_id != actor.user_id:
        raise UploadUnknownError("There is no such upload: begin a new one.")
    return upload


def granted_actions(
    *, actor: Actor, asked: Mapping[Repository, frozenset[str]]
) -> dict[str, list[str]]:
    """Return, of the actions that were asked for, those that the actor may do, by repository."""
    return {
        str(repository): sorted(
            action for action in actions if _may(actor, PERMISSIONS[action], repository)
        )
        for repository, actions in asked.items()
    }


def _readers_get(link: BlobLink) -> bool:
    naming = Manifest.objects.filter(blobs__link=link)
    if naming.filter(verdict=Verdict.PASSED).exists():
        return True
    unjudged = naming.filter(verdict__isnull=True).defer("content", "findings")
    return any(readers_get(manifest) for manifest in unjudged[:NAMING])


def _may(actor: Actor, permission: Permission, repository: Repository) -> bool:
    return allows(actor, permission, **_place(repository))


def _place(repository: Repository) -> dict[str, str]:
    """Return what the policy needs to know of a name: an old one means what has it now."""
    extension = find_extension(repository.namespace, repository.name)
    if extension is not None:
        return where(extension)
    return {"namespace": repository.namespace, "visibility": Visibility.PRIVATE.value}


def _check_reference(reference: str) -> None:
    """Keep text that can name nothing away from the database."""
    if ":" in reference:
        Digest.parse(reference)
    else:
        check_tag(reference)


def namespace_bytes(namespace: str) -> int:
    """Return how many bytes of blobs a namespace holds, those of two repositories once."""
    links = BlobLink.objects.filter(extension__namespace__name=namespace)
    distinct = links.values("sha256").annotate(size=Max("size"))
    return distinct.aggregate(total=Sum("size"))["total"] or 0
