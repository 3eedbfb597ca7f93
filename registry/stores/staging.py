"""
Uploads on their way, in files: ``blobs/uploads/<id>`` below the data folder.

What both stores share: bytes are staged here, and a store takes over what is whole. An upload is
written and taken over under its file lock, so many threads and processes may try at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings

from core.content import ContentError
from core.disk import NoRoomError, room, write_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from io import FileIO

SHA256 = re.compile(r"[0-9a-f]{64}")
UPLOAD = re.compile(r"[0-9a-z][0-9a-z-]{0,199}")
ALGORITHMS = {"sha256", "sha512"}


class UploadGoneError(ContentError):
    """There is no such upload (any more), or not as much of it as was thought."""


class StagingStore:
    """The part of a content store that takes uploads in."""

    def __init__(self) -> None:
        self.folder = Path(settings.DATA_DIR) / "blobs"
        self._uploads = self.folder / "uploads"
        make_folder(self._uploads)

    def begin(self, upload: str) -> None:
        """Start an empty upload under this id, which must be new."""
        with room():
            self._upload(upload).touch(exist_ok=False)

    def append(self, upload: str, offset: int, data: bytes) -> int:
        """
        Write at ``offset``, cut off whatever lay behind it, and return the new length.

        Not synced: should the machine die, the commit hashes what is left, and the client is
        told to begin again. Raises UploadGoneError when there is no such upload up to ``offset``,
        and NoRoomError when the disk is full; what was kept up to ``offset`` still is.
        """
        with self._locked(upload) as file:
            if file.seek(0, os.SEEK_END) < offset:
                raise UploadGoneError("A part of this upload was lost.")
            file.truncate(offset)
            file.seek(offset)
            try:
                write_all(file, data)
            except NoRoomError:
                file.truncate(offset)
                raise
        return offset + len(data)

    def hash(self, upload: str, algorithm: str) -> str:
        """
        Return the hash, in hex digits, of what the upload holds so far.

        Raises UploadGoneError when there is no such upload.
        """
        if algorithm not in ALGORITHMS:
            raise ValueError(f"no algorithm of digests: {algorithm!r}")
        with self._locked(upload) as file:
            return hashlib.file_digest(file, algorithm).hexdigest()

    def abort(self, upload: str) -> None:
        """Forget the upload, if there is one."""
        self._upload(upload).unlink(missing_ok=True)

    def staged(self, before: datetime) -> Iterator[str]:
        """Yield the uploads that nobody has written to since then."""
        with os.scandir(self._uploads) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    old = entry.stat().st_mtime < before.timestamp()
                    if old and UPLOAD.fullmatch(entry.name):
                        yield entry.name

    def _upload(self, upload: str) -> Path:
        if not UPLOAD.fullmatch(upload):
            raise ValueError(f"no id of an upload: {upload!r}")
        return self._uploads / upload

    def _take(self, upload: str, place: Path) -> None:
        """Move the upload, which the caller has locked, to where its bytes are kept."""
        try:
            with room():
                place.parent.mkdir(exist_ok=True)
                self._upload(upload).rename(place)
        except FileNotFoundError as error:
            raise UploadGoneError("The upload was cancelled.") from error

    @contextmanager
    def _locked(self, upload: str) -> Iterator[FileIO]:
        """Open the upload and keep everybody else from writing or committing it."""
        path = self._upload(upload)
        try:
            file = path.open("r+b", buffering=0)
        except FileNotFoundError as error:
            raise UploadGoneError("There is no such upload.") from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # Whoever had the lock before may have made content of this very file.
            if not is_at(path, file):
                raise UploadGoneError("There is no such upload any more.")
            yield file


def place_of(folder: Path, sha256: str) -> Path:
    """Return where a folder keeps the bytes of a digest."""
    if not SHA256.fullmatch(sha256):
        raise ValueError(f"no sha256: {sha256!r}")
    return folder / sha256[:2] / sha256


def is_at(path: Path, file: BinaryIO) -> bool:
    """Test that the open file still has this name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def make_folder(folder: Path) -> None:
    """Make a folder that survives a power cut."""
    folder.mkdir(parents=True, exist_ok=True)
    sync(folder.parent)


def sync(folder: Path) -> None:
    """Make what was created or renamed in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
