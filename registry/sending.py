"""Send content from the store: whole or a range, in flat memory, never wrong bytes to the end."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from starlette.responses import Response, StreamingResponse

from core.content import ContentError, content_store, sha256_of_file
from registry.bridge import call_content
from registry.errors import RangeError
from registry.remembering import SmallContents, Verified

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.requests import Request

    from registry.remembering import Mark

CHUNK = 256 * 1024
# Most modules are smaller than this; what fleets pull stays in memory.
SMALL = 2 * 1024 * 1024
DAMAGED = "The content store gave other bytes than it was given."
SHORT = "The content store gave fewer bytes than it holds."
# One range of bytes (RFC 9110 section 14.1.2); several at once are answered with everything.
RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")

small = SmallContents(128 * 1024 * 1024)
verified = Verified()


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from ``start`` to before ``end``."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


async def send_content(
    request: Request, *, sha256: str, size: int, headers: Mapping[str, str], blake3: str = ""
) -> Response:
    """
    Answer GET and HEAD with content of the store, of ``size`` bytes; see its ``open``.

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
    if request.method == "HEAD" or size == 0:
        return Response(status_code=status, headers=headers)
    part = part or Part(0, size)
    if size <= SMALL:
        content = await _small(sha256, blake3)
        return Response(content[part.start : part.end], status_code=status, headers=headers)
    file = await call_content(content_store().open, sha256, blake3=blake3)
    chunks = await _chunks(file, sha256, part, size)
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


async def _small(sha256: str, blake3: str) -> bytes:
    """Return all of a small content; what is asked for often never leaves the memory."""
    content = small.get(sha256)
    if content is None:
        content = await call_content(_read_verified, sha256, blake3)
        small.put(sha256, content)
    return content


def _read_verified(sha256: str, blake3: str) -> bytes:
    store = content_store()
    with store.open(sha256, blake3=blake3) as file:
        content = file.read()
    # A store that guards its content never gives all of other bytes.
    if not store.guards and hashlib.sha256(content).hexdigest() != sha256:
        raise ContentError(DAMAGED)
    return content


async def _chunks(file: BinaryIO, sha256: str, part: Part, size: int) -> AsyncIterator[bytes]:
    """Return the chunks of a part; a file that was read and right is not hashed every time."""
    mark = verified.mark_of(file)
    if mark is not None and verified.holds(sha256, mark):
        return _plain(file, part)
    if content_store().guards:
        return _ranged(file, part, sha256)
    if len(part) == size:
        return _verified(file, sha256, mark)
    # A range cannot be verified by itself.
    await call_content(_verify, file, sha256)
    if mark is None:
        return _ranged(file, part, sha256)
    verified.add(sha256, mark)
    return _plain(file, part)


def _verify(file: BinaryIO, sha256: str) -> None:
    if sha256_of_file(file) != sha256:
        file.close()
        raise ContentError(DAMAGED)


async def _plain(file: BinaryIO, part: Part) -> AsyncIterator[bytes]:
    """Yield from a local file: at once what the system has in memory, else through a thread."""
    with file:
        descriptor, buffer = file.fileno(), bytearray(CHUNK)
        offset = part.start
        while offset < part.end:
            length = min(CHUNK, part.end - offset)
            chunk = _read_at_once(descriptor, memoryview(buffer)[:length], offset)
            chunk = chunk or await call_content(os.pread, descriptor, length, offset)
            if not chunk:
                raise ContentError(SHORT)
            offset += len(chunk)
            yield chunk


def _read_at_once(descriptor: int, buffer: memoryview, offset: int) -> bytes:
    """Read without waiting for a disk; nothing when that cannot be."""
    try:
        count = os.preadv(descriptor, [buffer], offset, os.RWF_NOWAIT)
    except OSError:  # it would wait, or the file system cannot tell
        return b""
    return bytes(buffer[:count])


async def _ranged(file: BinaryIO, part: Part, sha256: str) -> AsyncIterator[bytes]:
    """Yield a part of what is right, or what breaks off by itself: perhaps it is still coming."""
    with file:
        await call_content(file.seek, part.start)
        left = len(part)
        while left:
            chunk = await call_content(file.read, min(CHUNK, left))
            if not chunk:
                raise ContentError(SHORT)
            left -= len(chunk)
            yield chunk
        # Who got all of it knows that it is right; the next one is sent the file itself.
        mark = verified.mark_of(file)
        if mark is not None and mark[-1] == len(part):
            verified.add(sha256, mark)


async def _verified(file: BinaryIO, sha256: str, mark: Mark | None) -> AsyncIterator[bytes]:
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
        held = await call_content(read)
        while chunk := await call_content(read):
            yield held
            held = chunk
        if digest.hexdigest() != sha256:
            raise ContentError(DAMAGED)
        if mark is not None:
            verified.add(sha256, mark)
        yield held
