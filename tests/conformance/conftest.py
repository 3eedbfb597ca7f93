"""A running hub on each content store."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import Hub, start_hub


@pytest.fixture(scope="module", params=["filesystem"])
def hub_on_store(request: pytest.FixtureRequest) -> Iterator[Hub]:
    folder = Path(tempfile.mkdtemp(prefix="wasmhub-conformance-"))
    running = start_hub(folder, dict(os.environ))
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)
