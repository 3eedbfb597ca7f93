"""Fixtures that more than one room's tests use."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache

from core.content import content_store
from tests.live import Hub, start_hub


@pytest.fixture(autouse=True)
def _fresh_folders() -> Iterator[None]:
    """Let no test see another one's cached pages or uploads."""
    yield
    if settings.REDIS_URL == "":
        cache.clear()
    content_store.cache_clear()


@pytest.fixture(scope="session")
def hub() -> Iterator[Hub]:
    """
    Run a whole hub, as ``make run`` does, with four people in it.

    alice owns the organization acme, bob is a member, mallory is nobody there, robot is alice's
    access token. Tests share it: each makes names of its own.
    """
    folder = Path(tempfile.mkdtemp(prefix="wasmhub live "))
    running = start_hub(folder, dict(os.environ))
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)
