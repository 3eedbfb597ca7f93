"""Manifests: read and push them, by tag and by digest (spec 1.1, end-3 and end-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from registry import services
from registry.bridge import call
from registry.errors import UnsupportedError
from registry.receiving import whole
from registry.selectors import readable_manifest
from wasmhub.oci import MANIFEST_MAX_BYTES

if TYPE_CHECKING:
    from registry.doors import Visit


async def pull(visit: Visit) -> Response:
    """Send a manifest byte for byte, under the type it was pushed with."""
    manifest = await call(
        readable_manifest,
        actor=visit.actor,
        repository=visit.repository,
        reference=visit.request.path_params["reference"],
    )
    headers = {
        "Content-Type": manifest.media_type,
        "Docker-Content-Digest": manifest.digest,
        "ETag": f'"{manifest.digest}"',
    }
    return Response(bytes(manifest.content), headers=headers)


async def push(visit: Visit) -> Response:
    """Accept a manifest whose blobs are here."""
    content = await whole(visit.request, limit=MANIFEST_MAX_BYTES)
    manifest, parsed = await call(
        services.push_manifest,
        actor=visit.actor,
        repository=visit.repository,
        reference=visit.request.path_params["reference"],
        media_type=visit.request.headers.get("content-type", ""),
        content=content,
    )
    headers = {
        "Location": f"{visit.path}/manifests/{manifest.digest}",
        "Docker-Content-Digest": manifest.digest,
    }
    if parsed.subject is not None:
        headers["OCI-Subject"] = str(parsed.subject.digest)
    return Response(status_code=201, headers=headers)


async def delete(_visit: Visit) -> Response:
    """Refuse: what was pushed stays."""
    raise UnsupportedError("Manifests and tags cannot be deleted here.")
