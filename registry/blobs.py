"""Blobs: read and delete them (spec 1.1, end-2 and end-10)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response

from catalog.selectors import may_publish
from registry import services
from registry.bridge import call
from registry.doors import blobs_read
from registry.selectors import get_repository, readable_blob, stored_blob
from registry.sending import send_content
from wasmhub.oci import Digest

if TYPE_CHECKING:
    from core.actor import Actor
    from registry.doors import Visit
    from registry.models import BlobLink
    from wasmhub.oci import Repository


async def pull(visit: Visit) -> Response:
    """Send a blob, or a range of it."""
    text = visit.request.path_params["digest"]
    decide = partial(call, _find, visit.actor, visit.repository, text)
    if visit.request.method == "HEAD":
        # The answer may spare a push: it has to be true now, and to stay true for a while.
        blob = await call(_find, visit.actor, visit.repository, text, asks=True)
    else:
        blob = await blobs_read.of(str(visit.repository), (visit.visitor.key, text), decide)
    headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": blob.digest}
    return await send_content(visit.request, sha256=blob.sha256, size=blob.size, headers=headers)


async def delete(visit: Visit) -> Response:
    """Take a blob out of the repository, unless a manifest names it."""
    digest = Digest.parse(visit.request.path_params["digest"])
    await call(services.delete_blob, actor=visit.actor, repository=visit.repository, digest=digest)
    return Response(status_code=202)


def _find(actor: Actor, repository: Repository, digest: str, *, asks: bool = False) -> BlobLink:
    extension = get_repository(actor=actor, repository=repository)
    find = stored_blob if asks else readable_blob
    blob = find(actor=actor, extension=extension, digest=Digest.parse(digest))
    if asks and may_publish(actor, extension):
        services.rely_on(blob)
    return blob
