"""A worker that is killed in mid-validation: the job runs again, and there is one verdict."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import pytest

from tests import filters
from tests.faults.processes import find, wait_for
from tests.live import Hub, unique

pytestmark = pytest.mark.slow


def events(hub: Hub, path: str) -> int:
    """Return how many verdicts the audit log has of an extension."""
    code = (
        "from core.models import AuditEvent;"
        f"print(AuditEvent.objects.filter(action='manifest.judged', target='{path}').count())"
    )
    return int(hub.manage("shell", "--no-imports", "-c", code))


def caught_reading(hub: Hub, path: str, worker: int) -> tuple[str, int]:
    """Upload versions until a reader is seen at work on one; return it and the reader."""
    module = filters.with_custom_section(filters.hello(), "pad", b"\0" * 2_900_000)
    for patch in range(5):
        version = f"1.0.{patch}"
        accepted = hub.upload(path, version, module)
        assert accepted.status_code == 202, accepted.text
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if (reader := find(worker, "child.py read")) is not None:
                return version, reader
    raise AssertionError(f"no reader was seen: {hub.log.read_text()[-3000:]}")


def test_the_job_runs_again_and_gives_one_verdict(small_hub: Hub) -> None:
    path = f"alice/{unique()}"
    worker = wait_for(small_hub.process.pid, "manage.py worker")

    version, reader = caught_reading(small_hub, path, worker)
    os.kill(reader, signal.SIGSTOP)
    before = events(small_hub, path)
    os.kill(worker, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):  # the kernel ends it with the worker
        os.kill(reader, signal.SIGKILL)
    release = small_hub.wait_for_verdict(path, version)

    assert release["verdict"] == "passed"
    assert events(small_hub, path) == before + 1
    assert wait_for(small_hub.process.pid, "manage.py worker") != worker
