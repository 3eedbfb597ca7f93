"""Blobs: read and delete them (spec 1.1, end-2 and end-10)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response

from catalog.selectors import may_publish
from registry import services
from registry.bridge import call
from registry.doors import blobs_read, repository_read
from registry.selectors import get_repository, readable_blob, stored_blob
from registry.sending import send_content
from wasmhub.oci import Digest

if TYPE_CHECKING:
    from catalog.models import Extension
    from core.actor import Actor
    from registry.doors import Visit
    from registry.models import BlobLink
    from wasmhub.oci import Repository


async def pull(visit: Visit) -> Response:
    """Send a blob, or a range of it."""
    text = visit.request.path_params["digest"]
    extension, until = await repository_read(visit)
    if visit.request.method == "HEAD" and may_publish(visit.actor, extension):
        blob = await call(_promised, visit.actor, visit.repository, text)
    else:
        decide = partial(call, _find, visit.actor, extension, text)
        blob, _ = await blobs_read.of(
            str(visit.repository), (visit.visitor.key, text), decide, until=until
        )
    headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": blob.digest}
    return await send_content(
        visit.request, sha256=blob.sha256, blake3=blob.blake3, size=blob.size, headers=headers
    )


async def delete(visit: Visit) -> Response:
    """Take a blob out of the repository, unless a manifest names it."""
    digest = Digest.parse(visit.request.path_params["digest"])
    await call(services.delete_blob, actor=visit.actor, repository=visit.repository, digest=digest)
    return Response(status_code=202)


def _find(actor: Actor, extension: Extension, digest: str) -> BlobLink:
    return readable_blob(actor=actor, extension=extension, digest=Digest.parse(digest))


def _promised(actor: Actor, repository: Repository, digest: str) -> BlobLink:
    """Find what may spare a push: it has to be there now, and to stay there for a while."""
    extension = get_repository(actor=actor, repository=repository)
    blob = stored_blob(actor=actor, extension=extension, digest=Digest.parse(digest))
    services.rely_on(blob)
    return blob
