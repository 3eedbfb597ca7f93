"""
The content store's interface: bytes by digest, and nothing else.

The database owns names, links and permissions. Which store is used is a setting, as with
Django's caches, so that rooms below the registry can read bytes without knowing it.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from datetime import timedelta
from functools import cache
from typing import IO, TYPE_CHECKING, BinaryIO, NamedTuple, Protocol, cast

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from core.errors import HubError
from core.models import Content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime


class ContentError(HubError):
    """The store cannot give what the database says it holds."""

    code = "content-unavailable"
    status = 500


class DigestMismatchError(HubError):
    """The bytes are not those of the digest."""

    code = "digest-mismatch"


class Kept(NamedTuple):
    """A content that a store has taken over: its size in bytes, its BLAKE3 where one is of use."""

    sha256: str
    size: int
    blake3: str = ""


class ContentStore(Protocol):
    """
    Bytes by sha256 (64 hex digits), shared by every repository; uploads by an id of the caller's.

    What ``commit`` returned from is durable and whole. Every method may be called from many
    threads and processes at once. ``guards`` says that nobody gets all of a content from ``open``
    before it was hashed; where it does not, whoever sends it on has to.
    """

    guards: bool

    def stat(self, sha256: str, *, fresh: bool = False) -> int | None:
        """
        Return the size in bytes, or None when the store does not hold the digest.

        ``fresh`` believes no copy near by: for those who are about to rely on the answer.
        """

    def open(self, sha256: str, *, blake3: str = "") -> BinaryIO:
        """
        Open the bytes for reading (seekable). Raises ContentError when they are not there.

        Bytes from elsewhere are hashed; by ``blake3``, as ``commit`` returned it, many times
        faster than by sha256.
        """

    def begin(self, upload: str) -> None:
        """Start an empty upload under this id."""

    def append(self, upload: str, offset: int, data: bytes) -> int:
        """Write at ``offset``, cut off whatever lay behind it, and return the new length."""

    def hash(self, upload: str, algorithm: str) -> str:
        """
        Return the hash (``sha256`` or ``sha512``, in hex digits) of what an upload holds so far.

        Raises ContentError when there is no such upload.
        """

    def commit(self, upload: str, sha256: str) -> Kept:
        """
        Make the upload the content of the digest.

        Raises DigestMismatchError, and keeps nothing of the upload, when the bytes differ.
        """

    def abort(self, upload: str) -> None:
        """Forget the upload; forgetting it twice is fine."""

    def staged(self, before: datetime) -> Iterator[str]:
        """Yield the uploads that nobody has written to since then."""

    def delete(self, sha256: str) -> None:
        """Forget the bytes of a digest that nothing links any more."""


CHUNK = 1024 * 1024
# A collector deletes one content in far less; one that died in between left it to whoever comes.
CLAIM_SECONDS, DELETING_SECONDS = 30.0, 60.0


class ContentBusyError(HubError):
    """These very bytes are being deleted right now; the same request works in a moment."""

    code = "content-busy"
    status = 503


def claim(sha256: str) -> None:
    """
    Keep the collector from this content for the grace, whether the store holds it already or not.

    Claim before the bytes are committed or a link to them is made: whoever links afterwards is
    never too late.

    :raises ContentBusyError: it is being deleted, and was not gone in time
    """
    deadline = time.monotonic() + CLAIM_SECONDS
    while not _claimed(sha256):
        if time.monotonic() > deadline:
            raise ContentBusyError("These bytes are being deleted right now: try again.")
        time.sleep(0.05)


def _claimed(sha256: str) -> bool:
    now = timezone.now()
    row = Content.objects.filter(pk=sha256)
    if row.filter(deleting__isnull=True).update(touched=now):
        return True
    if row.filter(deleting__lt=now - timedelta(seconds=DELETING_SECONDS)).exists():
        finish_deleting(sha256)
    try:
        with transaction.atomic():
            Content.objects.create(sha256=sha256, touched=now)
    except IntegrityError:
        return False
    return True


def finish_deleting(sha256: str) -> None:
    """Delete the bytes of a content that is marked, then the mark."""
    content_store().delete(sha256)
    Content.objects.filter(pk=sha256, deleting__isnull=False).delete()


def commit(upload: str, sha256: str) -> Kept:
    """
    Make an upload the content of the digest, durably.

    :raises DigestMismatchError: the bytes are others; nothing of the upload is kept
    :raises ContentError: there is no such upload
    :raises ContentBusyError: see ``claim``
    """
    claim(sha256)
    return content_store().commit(upload, sha256)


def keep(source: IO[bytes], *, check: Callable[[int], None] | None = None) -> Kept:
    """
    Put a stream into the store under its own sha256, durably.

    ``check`` is called with the size so far, and with the whole one at the end; when it raises,
    or anything else does, nothing is kept.
    """
    store = content_store()
    upload = uuid.uuid4().hex
    digest = hashlib.sha256()
    size = 0
    store.begin(upload)
    try:
        while chunk := source.read(CHUNK):
            if check is not None:
                check(size + len(chunk))
            size = store.append(upload, size, chunk)
            digest.update(chunk)
        if check is not None:
            check(size)
        return commit(upload, digest.hexdigest())
    except BaseException:
        store.abort(upload)
        raise


def sha256_of_file(file: IO[bytes]) -> str:
    """Hash what is left to read, in flat memory."""
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


@cache
def content_store() -> ContentStore:
    """Return the store that the settings name."""
    return cast("Callable[[], ContentStore]", import_string(settings.CONTENT_STORE))()
