"""
Read a whole request before Django's half takes one of its threads for it.

Slow clients then cost a coroutine and not a thread, and Django never sees a body that was cut
off, one without a length as empty, or a header that passes for another.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections import Counter
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING

from django.conf import settings

from core.disk import NoRoomError, write_all
from hub.refusing import RefusedError, refuse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from io import FileIO

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MIB = 1024 * 1024
IN_MEMORY = MIB
DEFAULT_LIMIT = 2 * MIB
FORM_AROUND_UPLOAD = MIB
CHUNK = 256 * 1024
# A client that says nothing for so long has gone, or means harm.
IDLE_SECONDS = 60.0
UPLOADS_AT_A_TIME = 16
UPLOADS = re.compile(r"/new|/api/v1/extensions/[^/]+/[^/]+/releases")

TOO_LARGE = "This is more than the hub takes here: at most {limit} bytes."
TOO_SLOW = "Nothing of this request arrived for a minute. Send it again."
TOO_MANY = "You have {number} uploads under way. Wait until one of them is done."
NOBODY = "Sign in, or send a valid access token, to upload a module."
AMBIGUOUS = "The length of this request is stated in two ways, or in none that can be read."


class CutOffError(Exception):
    """The client is gone before the end of its request."""


class WholeRequests:
    """
    Wrap an app so that it only gets requests that arrived whole.

    ``who`` tells from a request's headers whose it is: a stranger's upload is not kept for the
    app to refuse, and one person's uploads do not fill the disk.
    """

    def __init__(self, app: ASGIApp, *, who: Callable[[Scope], Awaitable[int | None]]) -> None:
        self._app = app
        self._who = who
        self._uploads: Counter[int] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        async with AsyncExitStack() as stack:
            body = Body()
            stack.push_async_callback(body.close)
            try:
                stated = _stated_length(scope)
                if _is_upload(scope) and (person := await self._who(scope)) is not None:
                    stack.enter_context(self._counted(person))
                    await body.read(receive, stated=stated, limit=_upload_limit())
                else:
                    over = _over_default(scope)
                    await body.read(receive, stated=stated, limit=DEFAULT_LIMIT, over=over)
            except CutOffError:
                return
            except NoRoomError as error:
                await refuse(scope, send, RefusedError(error.status, error.code, error.message))
                return
            except RefusedError as refusal:
                await refuse(scope, send, refusal)
                return
            await self._app(_plain(scope, len(body)), body.replay(receive), send)

    @contextmanager
    def _counted(self, person: int) -> Iterator[None]:
        if self._uploads[person] >= UPLOADS_AT_A_TIME:
            raise RefusedError(429, "too-many", TOO_MANY.format(number=UPLOADS_AT_A_TIME))
        self._uploads[person] += 1
        try:
            yield
        finally:
            self._uploads[person] -= 1
            if not self._uploads[person]:
                del self._uploads[person]


class Body:
    """A request's body: in memory while it is small, then in a temporary file."""

    def __init__(self) -> None:
        self._memory = bytearray()
        self._file: FileIO | None = None
        self._length = 0

    def __len__(self) -> int:
        return self._length

    async def read(
        self,
        receive: Receive,
        *,
        stated: int | None,
        limit: int,
        over: RefusedError | None = None,
    ) -> None:
        """
        Read to the end.

        Raises ``over`` (or that it is too large) over the limit, at once when the length is
        stated; CutOffError when the client goes away.
        """
        refusal = over or RefusedError(413, "too-large", TOO_LARGE.format(limit=limit))
        if stated is not None and stated > limit:
            raise refusal
        more = True
        while more:
            message = await _next(receive)
            if message["type"] == "http.disconnect":
                raise CutOffError
            more = message.get("more_body", False)
            self._length += len(message.get("body", b""))
            if self._length > limit:
                raise refusal
            self._memory += message.get("body", b"")
            if len(self._memory) > IN_MEMORY:
                await asyncio.to_thread(self._spill)
        if stated is not None and stated != self._length:
            raise CutOffError
        if self._file is not None:
            await asyncio.to_thread(self._spill)
            self._file.seek(0)

    def replay(self, receive: Receive) -> Receive:
        """Return a ``receive`` that gives the body, and after it what the server says."""
        left = self._length
        is_over = False

        async def replayed() -> Message:
            nonlocal left, is_over
            if is_over:
                return await receive()
            if self._file is None:
                chunk = bytes(self._memory)
            else:
                chunk = await asyncio.to_thread(self._file.read, CHUNK)
            left -= len(chunk)
            is_over = left <= 0 or not chunk
            return {"type": "http.request", "body": chunk, "more_body": not is_over}

        return replayed

    async def close(self) -> None:
        """Forget the body."""
        if self._file is not None:
            await asyncio.to_thread(self._file.close)

    def _spill(self) -> None:
        if self._file is None:
            # Closed by close(), once the app has answered. Unbuffered: closing it writes nothing.
            folder = settings.FILE_UPLOAD_TEMP_DIR
            self._file = tempfile.TemporaryFile(buffering=0, dir=folder)  # noqa: SIM115
        write_all(self._file, self._memory)
        self._memory.clear()


async def _next(receive: Receive) -> Message:
    try:
        return await asyncio.wait_for(receive(), IDLE_SECONDS)
    except TimeoutError:
        raise RefusedError(408, "too-slow", TOO_SLOW) from None


def _is_upload(scope: Scope) -> bool:
    return scope["method"] == "POST" and UPLOADS.fullmatch(scope["path"]) is not None


def _upload_limit() -> int:
    return int(settings.MAX_UPLOAD_BYTES) + FORM_AROUND_UPLOAD


def _over_default(scope: Scope) -> RefusedError | None:
    """Say to somebody unknown who uploads a module why it is not read; None for the usual."""
    return RefusedError(401, "not-signed-in", NOBODY) if _is_upload(scope) else None


def _stated_length(scope: Scope) -> int | None:
    """Return the Content-Length; raises RefusedError when the framing can be read in two ways."""
    lengths = {value for name, value in scope["headers"] if name == b"content-length"}
    chunked = any(name == b"transfer-encoding" for name, _ in scope["headers"])
    if not lengths:
        return None
    value = lengths.pop()
    if lengths or chunked or not value.isdigit() or len(value) > len(str(2**63)):
        raise RefusedError(400, "invalid", AMBIGUOUS)
    return int(value)


def _plain(scope: Scope, length: int) -> Scope:
    """
    Return the scope with the one true length and without names that WSGI would mix up.

    WSGI writes - as _, so X_Forwarded_For would pass for X-Forwarded-For (CVE-2026-3902).
    """
    framing = {b"content-length", b"transfer-encoding"}
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if b"_" not in name and name not in framing
    ]
    return {**scope, "headers": [*headers, (b"content-length", str(length).encode())]}
