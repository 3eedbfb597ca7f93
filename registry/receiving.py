"""Read a request's body, however it is framed: to the end, and never past the limit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.errors import TooLargeError, TooSlowError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from starlette.requests import Request

BLOCK = 1024 * 1024
# As in Django's half: a client that says nothing for so long has gone, or means harm.
IDLE_SECONDS = 60.0


def stated_length(request: Request) -> int | None:
    """Return the Content-Length in bytes, or None when the body tells its end by itself."""
    value = request.headers.get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() else None


async def blocks(request: Request, *, limit: int) -> AsyncIterator[bytes]:
    """
    Yield the body in blocks of about 1 MiB.

    A body that was cut off raises Starlette's ClientDisconnect: it has no end.

    :raises TooLargeError: more than ``limit`` bytes; before any is read, if the length is stated
    :raises TooSlowError: nothing arrived for a minute
    """
    refusal = TooLargeError(f"At most {limit} bytes are taken here.")
    if (stated_length(request) or 0) > limit:
        raise refusal
    received = 0
    block = bytearray()
    async for chunk in _lively(request.stream()):
        received += len(chunk)
        if received > limit:
            raise refusal
        block += chunk
        if len(block) >= BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


async def _lively(stream: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    while True:
        try:
            # Not wait_for, which makes a task for each chunk.
            async with asyncio.timeout(IDLE_SECONDS):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise TooSlowError("Nothing of the body arrived for a minute. Send it again.") from None
        yield chunk


async def whole(request: Request, *, limit: int) -> bytes:
    """
    Return a body that is small by its nature.

    :raises TooLargeError: more than ``limit`` bytes
    """
    return b"".join([block async for block in blocks(request, limit=limit)])
