"""
A pytest plugin: choose the set-up before Django reads its settings.

``HUB_TEST_SETUP=embedded`` (the default) is SQLite and files. ``grown`` is PostgreSQL and Redis,
which the test run starts on loopback and stops at its end.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.servers import Postgres, Redis, find_postgres

SETUP = os.environ.get("HUB_TEST_SETUP", "embedded")
APT_LINE = "sudo apt-get install postgresql redis-server"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")


def _choose() -> str | None:
    """Set the environment of this process; return why the set-up cannot be had, if so."""
    folder = Path(tempfile.mkdtemp(prefix="wasmhub-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        if name not in {"HUB_TEST_SETUP", "HUB_TEST_POSTGRES", "HUB_TEST_REDIS"}:
            del os.environ[name]
    os.environ["HUB_DATA_DIR"] = str(folder)
    os.environ["HUB_SECRET_KEY"] = "only-for-tests-" + "0123456789abcdef" * 3
    if SETUP == "embedded":
        return None
    if find_postgres() is None or shutil.which("redis-server") is None:
        return f"PostgreSQL and Redis are not installed: {APT_LINE}"
    if not WORKER:
        os.environ["HUB_TEST_POSTGRES"] = Postgres(folder).url
        os.environ["HUB_TEST_REDIS"] = Redis(folder).url
    number = int(WORKER.removeprefix("gw") or 0)
    os.environ["HUB_DATABASE_URL"] = os.environ["HUB_TEST_POSTGRES"] + "/postgres"
    os.environ["HUB_REDIS_URL"] = os.environ["HUB_TEST_REDIS"] + f"/{number}"
    return None


MISSING = _choose()
# A line for each poll of a running hub would bury what a failing test says.
logging.getLogger("httpx").setLevel(logging.WARNING)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what cannot run here and say how it could; under CI nothing is skipped."""
    for item in items:
        rooms = item.path.relative_to(item.config.rootpath).parts
        if "wasmhub" in rooms:
            item.add_marker(pytest.mark.single_setup)  # no database and no broker in there
        if {"registry", "conformance"} & set(rooms) and SETUP == "grown":
            # They empty every table, which takes PostgreSQL its time, or are many; the doors cover
            # the same ground in `make test`, and `make test-all` runs them all.
            item.add_marker(pytest.mark.slow)
    _skip_without_chromium(items)
    if MISSING and os.environ.get("CI") != "true":
        for item in items:
            item.add_marker(pytest.mark.skip(reason=MISSING))
    elif MISSING:
        pytest.exit(MISSING, returncode=1)


def _skip_without_chromium(items: list[pytest.Item]) -> None:
    if shutil.which("chromium") is None and os.environ.get("CI") != "true":
        skip = pytest.mark.skip(reason="Chromium is not installed: sudo apt-get install chromium")
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(skip)
