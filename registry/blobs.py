"""Blobs: read them (spec 1.1, end-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    from wasmhub.oci import Repository


async def pull(visit: Visit) -> Response:
    """Send a blob, or a range of it."""
    text = visit.request.path_params["digest"]
    blob = await call(_find, visit.actor, visit.repository, text)
    headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": blob.digest}
    sha256 = stored_digest(blob.digest).hex
    return await send_content(visit.request, sha256=sha256, size=blob.size, headers=headers)


async def delete(_visit: Visit) -> Response:
    """Refuse: blobs go when nothing names them any more."""
    raise UnsupportedError("A blob cannot be deleted by itself.")


def _find(actor: Actor, repository: Repository, digest: str) -> BlobLink:
    extension = get_repository(actor=actor, repository=repository)
    return readable_blob(actor=actor, extension=extension, digest=stored_digest(digest))
