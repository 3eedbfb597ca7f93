"""Uploads: begin, mount, append, finish, look, cancel (spec 1.1, end-4 to 6, 11, 13)."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from starlette.responses import Response

from core.errors import NotSignedInError, TooLargeError
from registry import services
from registry.bridge import call
from registry.errors import (
    OutOfOrderError,
    SizeInvalidError,
    UploadInvalidError,
    UploadUnknownError,
)
from registry.receiving import blocks, stated_length
from registry.scopes import PULL
from registry.selectors import get_upload, is_readable
from wasmhub.oci import Digest, InvalidDigestError, InvalidNameError, Repository

if TYPE_CHECKING:
    from registry.doors import Visit
    from registry.models import BlobLink, Upload

CONTENT_RANGE = re.compile(r"(?:bytes[ =])?(\d{1,18})-(\d{1,18})(?:/(?:\d+|\*))?")


async def begin(visit: Visit) -> Response:
    """Begin an upload, or do all of it in this one request: by its digest, or by a mount."""
    query = visit.request.query_params
    if "mount" in query:
        blob = await _mount(visit, query["mount"], query.get("from", ""))
        if blob is not None:
            return _created(visit, blob)
    digest = Digest.parse(query["digest"]) if "digest" in query else None
    upload = await call(services.begin_upload, actor=visit.actor, repository=visit.repository)
    if digest is None:
        return _accepted(visit, upload, 0)
    await _receive(visit, upload)
    return _created(
        visit,
        await call(services.finish_upload, actor=visit.actor, upload=upload, digest=digest),
    )


async def append(visit: Visit) -> Response:
    """Keep one more chunk, or a stream of unknown length."""
    upload = await _find(visit)
    offset = await _receive(visit, upload)
    await call(services.advance_upload, actor=visit.actor, upload=upload, offset=offset)
    return _accepted(visit, upload, offset)


async def finish(visit: Visit) -> Response:
    """Keep the last chunk, if one came along, and make the upload a blob."""
    digest = Digest.parse(visit.request.query_params.get("digest", ""))
    upload = await _find(visit)
    await _receive(visit, upload)
    return _created(
        visit,
        await call(services.finish_upload, actor=visit.actor, upload=upload, digest=digest),
    )


async def show(visit: Visit) -> Response:
    """Say where the upload stands."""
    upload = await _find(visit)
    return Response(status_code=204, headers=_progress(visit, upload, upload.offset))


async def cancel(visit: Visit) -> Response:
    """Forget the upload."""
    upload = await _find(visit)
    await call(services.cancel_upload, actor=visit.actor, upload=upload)
    return Response(status_code=204)


async def _mount(visit: Visit, digest: str, source: str) -> BlobLink | None:
    """
    Link a blob of another repository; None means that the client has to upload it.

    :raises NotSignedInError: the actor may read there, but the token was not asked for it
    """
    try:
        wanted, repository = Digest.parse(digest), Repository.parse(source)
    except (InvalidDigestError, InvalidNameError):
        return None
    if not visit.visitor.has_asked(repository, PULL):
        if await call(is_readable, actor=visit.actor, repository=repository):
            raise NotSignedInError("Get a token for the repository to mount from, too.")
        return None
    return await call(
        services.mount_blob,
        actor=visit.actor,
        repository=visit.repository,
        digest=wanted,
        source=repository,
    )


async def _find(visit: Visit) -> Upload:
    try:
        upload_id = uuid.UUID(visit.request.path_params["upload"])
    except ValueError:
        raise UploadUnknownError("There is no such upload: begin a new one.") from None
    return await call(
        get_upload, actor=visit.actor, repository=visit.repository, upload_id=upload_id
    )


async def _receive(visit: Visit, upload: Upload) -> int:
    """
    Write the body behind what the upload holds, and return where it ends.

    A body that breaks off, or that is not what was announced, does not move the upload: the next
    chunk overwrites it.
    """
    announced = _announced(visit, upload)
    offset = upload.offset
    try:
        async for block in blocks(visit.request, limit=settings.MAX_UPLOAD_BYTES - offset):
            offset = await call(services.append_to_upload, upload=upload, offset=offset, data=block)
        if offset == upload.offset:
            # Even nothing cuts off what a request that broke off has left behind.
            await call(services.append_to_upload, upload=upload, offset=offset, data=b"")
    except TooLargeError:
        await call(services.cancel_upload, actor=visit.actor, upload=upload)
        raise TooLargeError(
            f"A blob may have {settings.MAX_UPLOAD_BYTES} bytes. Nothing of this upload was kept."
        ) from None
    if announced is not None and offset - upload.offset != announced:
        raise SizeInvalidError("The chunk does not have the length that Content-Range says.")
    return offset


def _announced(visit: Visit, upload: Upload) -> int | None:
    """Return the length that Content-Range announces, once it begins where the upload stands."""
    header = visit.request.headers.get("content-range")
    if header is None:
        return None
    match = CONTENT_RANGE.fullmatch(header.strip())
    if match is None:
        raise UploadInvalidError("A chunk's Content-Range is <first byte>-<last byte>.")
    first, last = int(match[1]), int(match[2])
    if first != upload.offset or last < first:
        raise OutOfOrderError(
            f"The next chunk begins at byte {upload.offset}.",
            _progress(visit, upload, upload.offset),
        )
    length = last - first + 1
    if stated_length(visit.request) not in {None, length}:
        raise SizeInvalidError("Content-Range and Content-Length do not agree.")
    return length


def _progress(visit: Visit, upload: Upload, offset: int) -> dict[str, str]:
    return {
        "Location": f"{visit.path}/blobs/uploads/{upload.pk}",
        # Inclusive, so an empty upload cannot be told from one byte; clients expect 0-0.
        "Range": f"0-{max(0, offset - 1)}",
        "Docker-Upload-UUID": str(upload.pk),
    }


def _accepted(visit: Visit, upload: Upload, offset: int) -> Response:
    return Response(status_code=202, headers=_progress(visit, upload, offset))


def _created(visit: Visit, blob: BlobLink) -> Response:
    headers = {
        "Location": f"{visit.path}/blobs/{blob.digest}",
        "Docker-Content-Digest": blob.digest,
    }
    return Response(status_code=201, headers=headers)
