"""
What came from the backing registry before: ``blobs/cache/ab/<hex>`` below the data folder.

Bounded: what was not asked for longest goes first. Nothing here is precious, so nothing is
synced; each process hashes a file before it trusts it, and what is wrong is dropped, to be
fetched again. Many threads and processes share the folder: a file appears by a rename only, and
whoever still reads one that goes keeps it open.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from core.content import ContentError, sha256_of_file
from registry.remembering import Verified
from registry.stores.staging import is_at, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

# After adding such a share of the limit a process looks at the whole, and when that is more than
# HIGH it goes down to LOW. Above HIGH is room for what other processes add before they look.
STEP, HIGH, LOW = 0.02, 0.9, 0.8
# Often enough to know what was not asked for longest, seldom enough to cost nothing.
TOUCHED_EVERY = 60.0
LOCK_SECONDS, POLL_SECONDS = 60.0, 0.02


class Cache:
    """A folder of at most ``limit`` bytes, and what is being fetched into it."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._filling = folder / "filling"
        self._filling.mkdir(parents=True, exist_ok=True)
        self._limit = limit
        self._lock = threading.Lock()
        self._verified = Verified()
        self._added: float = limit  # who has just started knows nothing

    def place(self, sha256: str) -> Path:
        """Return where a content is, if it is here."""
        return place_of(self._folder, sha256)

    def open(self, sha256: str) -> BinaryIO | None:
        """Open a content that is here, and right."""
        try:
            file = self.place(sha256).open("rb")
        except FileNotFoundError:
            return None
        if not self._is_right(file, sha256):
            file.close()
            log.warning("The cache had other bytes than those of sha256:%s: dropped.", sha256)
            self.drop(sha256)
            return None
        _touch(file)
        return file

    def size(self, sha256: str) -> int | None:
        """Return the size of a content that is here, and right."""
        file = self.open(sha256)
        if file is None:
            return None
        with file:
            return os.fstat(file.fileno()).st_size

    def drop(self, sha256: str) -> None:
        """Forget a content, if it is here."""
        self.place(sha256).unlink(missing_ok=True)

    def trust(self, sha256: str, file: BinaryIO) -> None:
        """Take in a file that was hashed and has just been renamed to its place."""
        mark = self._verified.mark_of(file)
        if mark is None:
            raise TypeError("what is in the cache is a file")
        with self._lock:
            self._verified.add(sha256, mark)
            self._added += mark[-1]
            is_time = self._added > self._limit * STEP
        if is_time:
            self._make_room()

    @contextmanager
    def held(self, sha256: str) -> Iterator[BinaryIO]:
        """
        Keep every other thread and process from fetching or deleting this content.

        Gives an empty file to fetch it into; what was not kept is forgotten at the end.

        :raises ContentError: another one does not let go in time
        """
        path = self.filling(sha256)
        deadline = time.monotonic() + LOCK_SECONDS
        while (file := _locked(path)) is None:
            if time.monotonic() > deadline:
                raise ContentError("These bytes are still on their way: try again.")
            time.sleep(POLL_SECONDS)
        with file:
            try:
                yield file
            finally:
                if is_at(path, file):
                    path.unlink()
                _unlock(file.fileno())

    def keep(self, sha256: str, file: BinaryIO) -> None:
        """Let the file that was held, filled and hashed be the content from now on."""
        self.place(sha256).parent.mkdir(exist_ok=True)
        self.filling(sha256).rename(self.place(sha256))
        self.trust(sha256, file)

    def filling(self, sha256: str) -> Path:
        """Return where a content is while it is being fetched."""
        return self._filling / self.place(sha256).name

    def _is_right(self, file: BinaryIO, sha256: str) -> bool:
        """Test that the file has the bytes; it is not read again unless it was written since."""
        mark = self._verified.mark_of(file)
        if mark is not None and self._verified.holds(sha256, mark):
            return True
        if mark is None or sha256_of_file(file) != sha256:
            return False
        file.seek(0)
        with self._lock:
            self._verified.add(sha256, mark)
        return True

    def _make_room(self) -> None:
        """Delete what was not asked for longest, when there is too much."""
        with _alone(self._folder / "lock", os.O_CREAT) as alone:
            if not alone:
                return  # somebody is at it
            with self._lock:
                self._added = 0
            files = list(self._files())
            total = sum(size for _, size, _ in files)
            if total > self._limit * HIGH:
                for _, size, path in sorted(files):
                    if total <= self._limit * LOW:
                        break
                    Path(path).unlink(missing_ok=True)
                    total -= size
            self._sweep()

    def _files(self) -> Iterator[tuple[float, int, str]]:
        """Yield when each file was last asked for, its size and its path."""
        for folder in self._folder.glob("??"):
            with os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        status = entry.stat()
                        yield status.st_atime, status.st_size, entry.path

    def _sweep(self) -> None:
        """Forget what was being fetched by processes that died: nobody has its lock."""
        for path in self._filling.iterdir():
            with _alone(path) as alone:
                if alone:
                    path.unlink(missing_ok=True)


def _touch(file: BinaryIO) -> None:
    """Note that the file was asked for; the time of its last change stays what it is."""
    status = os.fstat(file.fileno())
    if time.time() - status.st_atime > TOUCHED_EVERY:
        os.utime(file.fileno(), ns=(time.time_ns(), status.st_mtime_ns))


def _locked(path: Path) -> BinaryIO | None:
    """Open an empty file that nobody else has, or return None to try again."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had the lock before may have made content of this very file.
        if is_at(path, file):
            file.truncate()
            return file
    except BlockingIOError:
        pass
    file.close()
    return None


@contextmanager
def _alone(path: Path, flags: int = 0) -> Iterator[bool]:
    """Lock the file, unless somebody else has; say whether it is ours."""
    try:
        descriptor = os.open(path, os.O_RDWR | flags, 0o644)
    except FileNotFoundError:
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
            _unlock(descriptor)
    finally:
        os.close(descriptor)


def _unlock(descriptor: int) -> None:
    """Unlock at once, for a process that was forked meanwhile holds the file open, too."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
