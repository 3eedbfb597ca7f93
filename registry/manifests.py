"""Manifests: read, push and delete them, by tag and by digest (spec 1.1, end-3, 7 and 9)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response

from registry import services
from registry.bridge import call
from registry.counting import pulls
from registry.doors import manifests_read, repository_read
from registry.receiving import whole
from registry.selectors import readable_manifest
from wasmhub.oci import MANIFEST_MAX_BYTES

if TYPE_CHECKING:
    from registry.doors import Visit

# So many tags may come along with one push by digest (spec 1.2, end-7b).
MOST_TAGS = 10


async def pull(visit: Visit) -> Response:
    """Send a manifest byte for byte, under the type it was pushed with."""
    reference = visit.request.path_params["reference"]
    extension, until = await repository_read(visit)
    decide = partial(
        call, readable_manifest, actor=visit.actor, extension=extension, reference=reference
    )
    manifest, _ = await manifests_read.of(
        str(visit.repository), (visit.visitor.key, reference), decide, until=until
    )
    if visit.request.method == "GET":
        pulls.note(manifest.pk, user_id=visit.actor.user_id, client=visit.client)
    headers = {
        "Content-Type": manifest.media_type,
        "Docker-Content-Digest": manifest.digest,
        "ETag": f'"{manifest.digest}"',
    }
    return Response(bytes(manifest.content), headers=headers)


async def push(visit: Visit) -> Response:
    """Accept a manifest whose blobs are here."""
    content = await whole(visit.request, limit=MANIFEST_MAX_BYTES)
    tags = visit.request.query_params.getlist("tag")
    manifest, parsed = await call(
        services.push_manifest,
        actor=visit.actor,
        repository=visit.repository,
        reference=visit.request.path_params["reference"],
        media_type=visit.request.headers.get("content-type", ""),
        content=content,
        tags=tags[:MOST_TAGS],
    )
    headers = {
        "Location": f"{visit.path}/manifests/{manifest.digest}",
        "Docker-Content-Digest": manifest.digest,
    }
    if parsed.subject is not None:
        headers["OCI-Subject"] = str(parsed.subject.digest)
    if tags and ":" in visit.request.path_params["reference"]:
        headers["OCI-Tag"] = ", ".join(tags[:MOST_TAGS])
    return Response(status_code=201, headers=headers)


async def delete(visit: Visit) -> Response:
    """Delete a tag, or a manifest with all its tags."""
    await call(
        services.delete_reference,
        actor=visit.actor,
        repository=visit.repository,
        reference=visit.request.path_params["reference"],
    )
    return Response(status_code=202)
