"""
Read a file while another thread fills it.

A reader waits where the file ends for now. Nobody gets all of it before the whole was found to be
right, and whoever jumps ahead waits for that; so bytes that are not the content end in a
ContentError, never in a complete file.
"""

from __future__ import annotations

import asyncio
import io
import os
import threading
from typing import TYPE_CHECKING, BinaryIO

from core.content import ContentError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from _typeshed import WriteableBuffer

# Whoever fills the file always gets on or gives up in time; this is for the day when not.
PATIENCE_SECONDS = 120.0


class Progress:
    """How much of a file is there, and how it ended: what its filler and its readers share."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._written = 0
        self._ended = False
        self._error: ContentError | None = None
        self.size: int | None = None

    @property
    def has_ended(self) -> bool:
        return self._ended

    def start(self, size: int, path: Path) -> BinaryIO:
        """Announce how many bytes will come, and return the first reader."""
        with self._changed:
            self.size = size
            self._changed.notify_all()
            return self._reader(path)

    def advance(self, count: int) -> None:
        """Let readers have so many bytes more."""
        with self._changed:
            self._written += count
            self._changed.notify_all()

    def end(self, error: ContentError | None = None) -> None:
        """Let readers have everything, or the error."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def follow(self, path: Path) -> BinaryIO | None:
        """
        Return one more reader of what is under way, or None when that has just ended well.

        :raises ContentError: it failed
        """
        with self._changed:
            self._wait(lambda: self.size is not None)
            try:
                return None if self._ended else self._reader(path)
            except FileNotFoundError:  # about to end
                self.wait_for_all()
                return None

    def wait_beyond(self, position: int) -> int | None:
        """
        Return up to where a reader may read, behind the position; None for wherever it likes.

        :raises ContentError: it failed
        """
        with self._changed:
            # The last byte is for those who may have the whole.
            self._wait(lambda: min(self._written, (self.size or 0) - 1) > position)
            return None if self._ended else min(self._written, (self.size or 0) - 1)

    def wait_for_all(self) -> None:
        """
        Return once all of it is there, and right.

        :raises ContentError: it failed
        """
        with self._changed:
            self._wait(lambda: False)

    def _reader(self, path: Path) -> BinaryIO:
        return io.BufferedReader(Follower(path, self))

    def _wait(self, enough: Callable[[], bool]) -> None:
        """Wait for that or for the end, as long as anything changes."""
        while not self._ended and not enough():
            if not self._changed.wait(PATIENCE_SECONDS):
                raise ContentError("These bytes do not get on.")
        if self._error is not None:
            raise ContentError(self._error.message) from self._error


class Follower(io.FileIO):
    """The file for one reader, as if it were there already."""

    def __init__(self, path: Path, progress: Progress) -> None:
        super().__init__(path, "rb")
        self._progress = progress
        self._given = 0

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        position = self.tell()
        if position > self._given:
            self._progress.wait_for_all()
        end = self._progress.wait_beyond(position)
        view = memoryview(buffer).cast("B")
        count = super().readinto(view if end is None else view[: end - position])
        self._given = max(self._given, position + count)
        return count

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            return self.readall()
        buffer = bytearray(size)
        return bytes(memoryview(buffer)[: self.readinto(buffer)])

    def readall(self) -> bytes:
        self._progress.wait_for_all()
        return super().readall()

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if whence == os.SEEK_END:
            return super().seek((self._progress.size or 0) + offset)
        return super().seek(offset, whence)

    def fileno(self) -> int:
        """
        Return the descriptor, which leads past everything here: so wait for the whole.

        Except where nobody may wait: on an event loop's thread this is no local file yet.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._progress.wait_for_all()
        else:
            if not self._progress.has_ended:
                raise io.UnsupportedOperation("fileno") from None
        return super().fileno()
