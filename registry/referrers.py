"""Referrers: what says something about a manifest (spec 1.1, end-12)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import Response

from catalog.selectors import referrers
from core.errors import NotFoundError
from registry.bridge import call
from registry.selectors import get_repository, require_publish
from wasmhub.oci import MANIFEST_MAX_BYTES, Digest, parse_manifest
from wasmhub.oci.media import OCI_INDEX

if TYPE_CHECKING:
    from catalog.models import Manifest
    from core.actor import Actor
    from registry.doors import Visit
    from wasmhub.oci import Repository

MOST = 500


async def list_referrers(visit: Visit) -> Response:
    """Send a page of the referrers of a digest as an index, of one artifact type if asked."""
    query = visit.request.query_params
    subject = str(Digest.parse(visit.request.path_params["digest"]))
    wanted = query.get("artifactType")
    page, following = await call(
        _page, visit.actor, visit.repository, subject, wanted, query.get("last", "")
    )
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": page}
    headers = {"Content-Type": OCI_INDEX}
    if wanted:
        headers["OCI-Filters-Applied"] = "artifactType"
    if following:
        more = urlencode({"last": following} | ({"artifactType": wanted} if wanted else {}))
        headers["Link"] = f'<{visit.path}/referrers/{subject}?{more}>; rel="next"'
    return Response(json.dumps(index, separators=(",", ":")), headers=headers)


def _page(
    actor: Actor, repository: Repository, subject: str, wanted: str | None, after: str
) -> tuple[list[dict[str, Any]], str | None]:
    """Return descriptors up to the size of a manifest, and the last digest if there are more."""
    try:
        extension = get_repository(actor=actor, repository=repository)
    except NotFoundError:
        # Who may publish here begins with nothing, which is an empty list.
        require_publish(actor=actor, repository=repository)
        return [], None
    page: list[dict[str, Any]] = []
    size = 0
    for manifest in referrers(actor=actor, extension=extension, subject=subject, after=after):
        descriptor = _descriptor(manifest)
        if wanted and descriptor.get("artifactType") != wanted:
            continue
        size += len(json.dumps(descriptor))
        if page and (len(page) >= MOST or size > MANIFEST_MAX_BYTES):
            return page, page[-1]["digest"]
        page.append(descriptor)
    return page, None


def _descriptor(manifest: Manifest) -> dict[str, Any]:
    content = bytes(manifest.content)
    parsed = parse_manifest(content, manifest.media_type)
    descriptor: dict[str, Any] = {
        "mediaType": manifest.media_type,
        "digest": manifest.digest,
        "size": len(content),
    }
    if parsed.artifact_type:
        descriptor["artifactType"] = parsed.artifact_type
    if parsed.annotations:
        descriptor["annotations"] = dict(parsed.annotations)
    return descriptor
