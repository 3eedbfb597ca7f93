"""A worker that is killed in mid-validation: the job runs again, and there is one verdict."""

from __future__ import annotations

import contextlib
import os
import signal

import pytest

from tests import filters
from tests.faults.processes import wait_for
from tests.live import Hub, unique

pytestmark = pytest.mark.slow


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
    with contextlib.suppress(ProcessLookupError):  # the kernel ends it with the worker
        os.kill(reader, signal.SIGKILL)
    release = small_hub.wait_for_verdict(path, "1.0.0")

    assert release["verdict"] == "passed"
    assert events(small_hub, path) == 1
    assert wait_for(small_hub.process.pid, "manage.py worker") != worker
