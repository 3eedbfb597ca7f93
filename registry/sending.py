"""Send content from the store: whole or a range, in flat memory, never wrong bytes to the end."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from starlette.responses import Response, StreamingResponse

from core.content import ContentError, content_store
from registry.bridge import call
from registry.errors import RangeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.requests import Request

CHUNK = 256 * 1024
# One range of bytes (RFC 9110 section 14.1.2); several at once are answered with everything.
RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from ``start`` to before ``end``."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


async def send_content(
    request: Request, *, sha256: str, size: int, headers: Mapping[str, str]
) -> Response:
    """
    Answer GET and HEAD with content of the store, of ``size`` bytes.

    :raises RangeError: the range begins behind the end
    :raises ContentError: the store does not give what it should hold
    """
    etag = f'"sha256:{sha256}"'
    headers = {**headers, "ETag": etag, "Accept-Ranges": "bytes"}
    if _has(request, etag):
        return Response(status_code=304, headers=headers)
    part = _part(request, size, etag)
    status = 200
    if part is not None:
        status = 206
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{size}"
    headers["Content-Length"] = str(size if part is None else len(part))
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    file = await call(content_store().open, sha256)
    chunks = _verified(file, sha256) if part is None else _range(file, part)
    # The first chunk before the head of the answer: what is damaged at once is an honest 500.
    begun = _begun(await anext(chunks), chunks)
    return StreamingResponse(begun, status_code=status, headers=headers)


def _has(request: Request, etag: str) -> bool:
    """Test that the client holds the content already (If-None-Match)."""
    held = request.headers.get("if-none-match", "").split(",")
    return any(each.strip().removeprefix("W/") in {etag, "*"} for each in held)


def _part(request: Request, size: int, etag: str) -> Part | None:
    """Return the range that is asked for, or None for everything."""
    asked = RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if asked is None or request.headers.get("if-range", etag) != etag:
        return None
    first, last = asked.groups()
    if not first and not last:
        return None
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last or size) + 1, size)
    if start >= end:
        raise RangeError(size)
    return Part(start, end)


async def _begun(first: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in chunks:
        yield chunk


async def _range(file: BinaryIO, part: Part) -> AsyncIterator[bytes]:
    with file:
        await call(file.seek, part.start)
        left = len(part)
        while left:
            chunk = await call(file.read, min(CHUNK, left))
            if not chunk:
                raise ContentError("The content store gave fewer bytes than it holds.")
            left -= len(chunk)
            yield chunk


async def _verified(file: BinaryIO, sha256: str) -> AsyncIterator[bytes]:
    """
    Yield the content one chunk late, and the last chunk only if the whole has the digest.

    A client never gets the complete length of damaged bytes: the connection breaks instead.
    """
    digest = hashlib.sha256()

    def read() -> bytes:
        chunk = file.read(CHUNK)
        digest.update(chunk)
        return chunk

    with file:
        held = await call(read)
        while chunk := await call(read):
            yield held
            held = chunk
        if digest.hexdigest() != sha256:
            raise ContentError("The content store gave other bytes than it was given.")
        yield held
