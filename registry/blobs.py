"""Blobs: read them (spec 1.1, end-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.policy import Permission, require
from registry.bridge import call
from registry.digests import stored_digest
from registry.errors import UnsupportedError
from registry.selectors import get_repository, readable_blob
from registry.sending import send_content

if TYPE_CHECKING:
    from starlette.responses import Response

    from core.actor import Actor
    from registry.doors import Visit
    from registry.models import BlobLink
    from wasmhub.oci import Digest, Repository


async def pull(visit: Visit) -> Response:
    """Send a blob, or a range of it."""
    digest = stored_digest(visit.request.path_params["digest"])
    blob = await call(_find, visit.actor, visit.repository, digest)
    headers = {
        "Content-Type": "application/octet-stream",
        "Docker-Content-Digest": str(digest),
    }
    return await send_content(visit.request, sha256=digest.hex, size=blob.size, headers=headers)


async def delete(visit: Visit) -> Response:
    """Refuse: blobs go when nothing names them any more."""
    await call(refuse_delete, visit.actor, visit.repository)
    raise UnsupportedError("A blob cannot be deleted by itself.")


def refuse_delete(actor: Actor, repository: Repository) -> None:
    """Tell those who may not write so, before they hear that nobody can delete."""
    extension = get_repository(actor=actor, repository=repository)
    require(
        actor,
        Permission.EXTENSION_PUBLISH,
        namespace=repository.namespace,
        visibility=extension.visibility,
    )


def _find(actor: Actor, repository: Repository, digest: Digest) -> BlobLink:
    extension = get_repository(actor=actor, repository=repository)
    return readable_blob(actor=actor, extension=extension, digest=digest)
