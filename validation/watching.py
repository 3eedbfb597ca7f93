"""Watch what a session of processes takes, and end it whole."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_TO_DIE_SECONDS: Final = 0.005
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
# Fields of /proc/PID/stat behind the name in parentheses: see proc(5).
_SESSION, _THREADS, _RESIDENT = 3, 17, 21


@dataclass(frozen=True, slots=True)
class Usage:
    """What the processes of a session take together: resident memory in bytes, and threads."""

    resident: int = 0
    threads: int = 0


def usage_of(session: int) -> Usage:
    """Add up what the living processes of a session take now."""
    rows = list(_members(session))
    return Usage(
        sum(int(fields[_RESIDENT]) for _, fields in rows) * _PAGE_BYTES,
        sum(int(fields[_THREADS]) for _, fields in rows),
    )


def end_session(session: int) -> None:
    """Kill every process of a session, also those that left its first process group."""
    while members := [pid for pid, fields in _members(session) if fields[0] != "Z"]:
        for pid in members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_TO_DIE_SECONDS)


def _members(session: int) -> Iterator[tuple[int, list[str]]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            # It may end while it is read.
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[_SESSION]) == session:
                    yield int(entry.name), fields
