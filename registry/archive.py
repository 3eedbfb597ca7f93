"""An image as one file for machines without a network: /download/<path>/<manifest sha256>.tar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from starlette.responses import Response, StreamingResponse

from catalog.models import Conversion, Release
from catalog.selectors import converted, get_extension, proxy_image, resolve_manifest
from core.content import ContentError, content_store
from core.errors import NotFoundError
from registry.bridge import call, call_content
from registry.counting import pulls
from registry.download import PERSONAL, actor_of, credentials_of
from registry.errors import ManifestUnknownError
from registry.models import BlobLink
from wasmhub.oci import ImageError, InvalidNameError, LayoutTar, Repository
from wasmhub.oci.media import DOCKER_MANIFEST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request

    from catalog.models import Manifest
    from wasmhub.oci import Digest

UNRELEASED = "latest"
# A release may still be named; what is in the archive never changes.
SHARED = {"Cache-Control": "public, max-age=300"}


@dataclass(frozen=True, slots=True)
class Found:
    """An image that the visitor may have, what its blobs are stored as, and who asks."""

    layout: LayoutTar
    stored: dict[str, str]
    manifest_id: int
    user_id: int | None
    is_public: bool


async def archive(request: Request) -> Response:
    """Send an image layout, the same bytes each time, in flat memory."""
    namespace, name, sha256 = (request.path_params[key] for key in ("namespace", "name", "sha256"))
    authorization, session_key = credentials_of(request)
    found = await call(_find, namespace, name, f"sha256:{sha256}", authorization, session_key)
    headers = {
        "Content-Type": "application/x-tar",
        "Content-Length": str(found.layout.size),
        "Content-Disposition": f'attachment; filename="{name}-{found.layout.tag}.tar"',
        **(SHARED if found.is_public else PERSONAL),
    }
    if request.method == "HEAD":
        return Response(headers=headers)
    client = authorization or session_key or getattr(request.client, "host", "")
    pulls.note(found.manifest_id, user_id=found.user_id, client=client)
    return StreamingResponse(_chunks(found), headers=headers)


async def _chunks(found: Found) -> AsyncIterator[bytes]:
    """Yield the archive; of a damaged blob the connection breaks before its end."""

    def opened(digest: Digest) -> BinaryIO:
        return content_store().open(found.stored[str(digest)])

    chunks = found.layout.chunks(opened)
    try:
        while chunk := await call_content(next, chunks, b""):
            yield chunk
    except ImageError as error:
        raise ContentError(str(error)) from error
    finally:
        await call_content(_close, chunks)


def _close(chunks: Iterator[bytes]) -> None:
    """Close the blob that is open, should the visitor have left."""
    getattr(chunks, "close", str)()


def _find(
    namespace: str, name: str, digest: str, authorization: str, session_key: str | None
) -> Found:
    actor = actor_of(authorization, session_key)
    try:
        # The grammar first: the database need not see what can name nothing.
        repository = Repository(namespace, name)
        extension = get_extension(actor=actor, namespace=repository.namespace, name=repository.name)
        named = resolve_manifest(actor=actor, extension=extension, reference=digest)
    except (InvalidNameError, NotFoundError) as error:
        raise _unknown() from error
    image = _image(named)
    if image is None:
        raise _unknown()
    layout = LayoutTar.of(bytes(image.content), image.media_type, _tag(named))
    wanted = [str(blob.digest) for blob in layout.parsed.required_blobs()]
    links = BlobLink.objects.filter(extension=extension, digest__in=wanted)
    return Found(
        layout=layout,
        stored=dict(links.values_list("digest", "sha256")),
        manifest_id=named.pk,
        user_id=actor.user_id,
        is_public=extension.visibility == "public" and named.is_readable,
    )


def _image(manifest: Manifest) -> Manifest | None:
    """Return one image; programs that read layouts see none of Docker's manifests in them."""
    image = proxy_image(manifest)
    if image is not None and image.media_type == DOCKER_MANIFEST:
        return converted(image, Conversion.Form.CANONICAL)
    return image


def _tag(manifest: Manifest) -> str:
    """Return the version that names the manifest, or the one that it was packed from."""
    packed_from = Conversion.objects.filter(manifest=manifest).values_list("original", flat=True)
    originals = [manifest.pk, *packed_from]
    release = Release.objects.filter(manifest__in=originals).order_by("pk").first()
    return release.version if release is not None else UNRELEASED


def _unknown() -> ManifestUnknownError:
    return ManifestUnknownError("There is no such image here that you can have.")
