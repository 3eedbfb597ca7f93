"""A hub of its own for tests that hurt it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import Hub, start_hub

LIMIT = 3_000_000


@pytest.fixture(scope="module")
def small_hub() -> Iterator[Hub]:
    """Run a hub that takes 3 MB at most."""
    folder = Path(tempfile.mkdtemp(prefix="wasmhub-faults-"))
    running = start_hub(folder, dict(os.environ) | {"HUB_MAX_UPLOAD_BYTES": str(LIMIT)})
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)
