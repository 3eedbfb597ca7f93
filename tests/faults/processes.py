"""Find a running hub's processes, to hurt them."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

PATIENCE_SECONDS = 60


def children(pid: int) -> list[int]:
    """Return the ids of a process's children, of all its threads; threads and it may end."""
    found = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found += [int(each) for each in (task / "children").read_text().split()]
    return found


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def find(parent: int, part: str) -> int | None:
    for child in children(parent):
        if part in command(child):
            return child
        if (deeper := find(child, part)) is not None:
            return deeper
    return None


def wait_for(parent: int, part: str) -> int:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if (pid := find(parent, part)) is not None:
            return pid
        time.sleep(0.005)
    raise AssertionError(f"no process with {part!r} appeared")
