"""
Content-addressed files below the data folder: ``blobs/sha256/ab/<hex>`` and ``blobs/uploads/<id>``.

Safe with many threads and processes: an upload is written and committed under its file lock, and
content appears by a rename only.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings

from core.content import ContentError, DigestMismatchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedRandom

SHA256 = re.compile(r"[0-9a-f]{64}")
UPLOAD = re.compile(r"[0-9a-z][0-9a-z-]{0,199}")


class FilesystemStore:
    """Keep bytes in files of the data folder."""

    def __init__(self) -> None:
        root = Path(settings.DATA_DIR) / "blobs"
        self._contents = root / "sha256"
        self._uploads = root / "uploads"
        for folder in (self._contents, self._uploads):
            folder.mkdir(parents=True, exist_ok=True)
            _sync(folder.parent)

    def stat(self, sha256: str) -> int | None:
        """Return the size in bytes, or None when there is no such content."""
        try:
            return self._content(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def open(self, sha256: str) -> BinaryIO:
        """Open the content. Raises ContentError when there is none."""
        try:
            return self._content(sha256).open("rb")
        except FileNotFoundError as error:
            raise ContentError("The content store has lost these bytes.") from error

    def begin(self, upload: str) -> None:
        """Start an empty upload under this id, which must be new."""
        self._upload(upload).touch(exist_ok=False)

    def append(self, upload: str, offset: int, data: bytes) -> int:
        """
        Write at ``offset``, cut off whatever lay behind it, and return the new length.

        Not synced: should the machine die, the commit hashes what is left, and the client is
        told to begin again. Raises ContentError when there is no such upload up to ``offset``.
        """
        with self._locked(upload) as file:
            if file.seek(0, os.SEEK_END) < offset:
                raise ContentError("A part of this upload was lost.")
            file.truncate(offset)
            file.seek(offset)
            file.write(data)
        return offset + len(data)

    def commit(self, upload: str, sha256: str) -> int:
        """
        Make the upload the content of the digest, durably, and return its size in bytes.

        Raises DigestMismatchError, and keeps nothing, when the bytes on disk are others;
        ContentError when there is no such upload.
        """
        place = self._content(sha256)
        with self._locked(upload) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                self.abort(upload)
                raise DigestMismatchError("The bytes that arrived are not those of the digest.")
            size = file.tell()
            os.fsync(file.fileno())
            place.parent.mkdir(exist_ok=True)
            try:
                self._upload(upload).rename(place)
            except FileNotFoundError as error:
                raise ContentError("The upload was cancelled.") from error
        _sync(place.parent)
        _sync(self._contents)
        return size

    def abort(self, upload: str) -> None:
        """Forget the upload, if there is one."""
        self._upload(upload).unlink(missing_ok=True)

    def delete(self, sha256: str) -> None:
        """Forget the content, if there is any."""
        self._content(sha256).unlink(missing_ok=True)

    def _content(self, sha256: str) -> Path:
        if not SHA256.fullmatch(sha256):
            raise ValueError(f"no sha256: {sha256!r}")
        return self._contents / sha256[:2] / sha256

    def _upload(self, upload: str) -> Path:
        if not UPLOAD.fullmatch(upload):
            raise ValueError(f"no id of an upload: {upload!r}")
        return self._uploads / upload

    @contextmanager
    def _locked(self, upload: str) -> Iterator[BufferedRandom]:
        """Open the upload and keep everybody else from writing or committing it."""
        path = self._upload(upload)
        try:
            file = path.open("r+b")
        except FileNotFoundError as error:
            raise ContentError("There is no such upload.") from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # Whoever had the lock before may have made content of this very file.
            if not _is_at(path, file):
                raise ContentError("There is no such upload any more.")
            yield file


def _is_at(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _sync(folder: Path) -> None:
    """Make what was created or renamed in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
