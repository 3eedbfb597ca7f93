from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containerfile import Stage, build

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def image() -> Iterator[Stage]:
    """Follow deploy/Containerfile; that downloads and installs the hub's packages."""
    folder = Path(tempfile.mkdtemp(prefix="wasmhub-image-"))
    folder.chmod(0o755)
    yield build(ROOT / "deploy/Containerfile", ROOT, folder)
    shutil.rmtree(folder)
