"""A worker that is killed in mid-validation: the job runs again, and there is one verdict."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

from tests import filters
from tests.live import Hub, unique

pytestmark = pytest.mark.slow

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


def events(hub: Hub, path: str) -> int:
    """Return how many verdicts the audit log has of an extension."""
    code = (
        "from core.models import AuditEvent;"
        f"print(AuditEvent.objects.filter(action='manifest.judged', target='{path}').count())"
    )
    return int(hub.manage("shell", "--no-imports", "-c", code))


def test_the_job_runs_again_and_gives_one_verdict(small_hub: Hub) -> None:
    path = f"alice/{unique()}"
    module = filters.with_custom_section(filters.hello(), "pad", b"\0" * 2_900_000)
    worker = wait_for(small_hub.process.pid, "manage.py worker")

    small_hub.upload(path, "1.0.0", module)
    reader = wait_for(worker, "child.py")
    os.kill(reader, signal.SIGSTOP)
    os.kill(worker, signal.SIGKILL)
    os.kill(reader, signal.SIGKILL)
    release = small_hub.wait_for_verdict(path, "1.0.0")

    assert release["verdict"] == "passed"
    assert events(small_hub, path) == 1
    assert wait_for(small_hub.process.pid, "manage.py worker") != worker
