"""What a process remembers of content: small bytes, and which files it has found to be right."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from typing import TypeAlias

    # Which file, changed when, of what size: a file that was written again has another mark.
    Mark: TypeAlias = tuple[int, int, int, int]

MOST_MARKS = 50_000
# A disk may go bad under a file that was right; it is read and hashed again after so long.
TRUSTED_SECONDS = 3600.0


class SmallContents:
    """Keep the small contents that were asked for last, up to so many bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0
        self._contents: dict[str, bytes] = {}

    def get(self, sha256: str) -> bytes | None:
        content = self._contents.pop(sha256, None)
        if content is not None:
            self._contents[sha256] = content  # the last one now
        return content

    def put(self, sha256: str, content: bytes) -> None:
        if sha256 in self._contents:
            return
        self._contents[sha256] = content
        self._bytes += len(content)
        while self._bytes > self._most:
            first = next(iter(self._contents))
            self._bytes -= len(self._contents.pop(first))

    def clear(self) -> None:
        self._contents.clear()
        self._bytes = 0


class Verified:
    """Remember which local files had the bytes of their digest when they were last read whole."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[Mark, float]] = {}

    @staticmethod
    def mark_of(file: BinaryIO) -> Mark | None:
        """Return what tells this file from others; None when it is no local file."""
        try:
            status = os.fstat(file.fileno())
        except (OSError, AttributeError):
            return None
        return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size

    def holds(self, sha256: str, mark: Mark) -> bool:
        known = self._files.get(sha256)
        return known is not None and known[0] == mark and known[1] > time.monotonic()

    def add(self, sha256: str, mark: Mark) -> None:
        self._files.pop(sha256, None)
        self._files[sha256] = (mark, time.monotonic() + TRUSTED_SECONDS)
        while len(self._files) > MOST_MARKS:
            del self._files[next(iter(self._files))]

    def clear(self) -> None:
        self._files.clear()
