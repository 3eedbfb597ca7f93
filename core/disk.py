"""A disk that is full: told apart from one that is broken, because somebody can make room."""

from __future__ import annotations

import errno
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import RawIOBase

logger = logging.getLogger(__name__)

# No space, no space for this user, no space for a file of this size.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
MESSAGE = "The hub's disk is full: nothing of this was kept. Try again once there is room."


class NoRoomError(HubError):
    """The disk is full; what was there before is untouched."""

    code = "no-room"
    status = 507


@contextmanager
def room() -> Iterator[None]:
    """Raise NoRoomError for a disk that is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        logger.error("The disk is full: %s", error)  # noqa: TRY400 - where it was does not matter
        raise NoRoomError(MESSAGE) from error


def write_all(file: RawIOBase, data: bytes | bytearray) -> None:
    """
    Write all of it to an unbuffered file: a disk that fills up takes a part first.

    :raises NoRoomError: the disk is full
    """
    with room(), memoryview(data) as left:
        written = 0
        while written < len(data):
            written += file.write(left[written:]) or 0
