from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from core.content import ContentError, ContentStore, content_store
from registry.stores.upstream import UpstreamStore
from tests.registries import BackingRegistry
from tests.stand_ins.registry import FakeRegistry

PATIENCE = 20

Stores = Callable[..., UpstreamStore]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put(store: ContentStore, content: bytes, upload: str = "u") -> str:
    """Push content and return its sha256."""
    store.begin(upload)
    store.append(upload, 0, content)
    store.commit(upload, sha256(content))
    return sha256(content)


def read(store: ContentStore, digest: str, *, blake3: str = "") -> bytes:
    with store.open(digest, blake3=blake3) as file:
        return file.read()


def given(store: UpstreamStore, digest: str, *, blake3: str = "") -> bytes:
    """Return what a patient reader gets before the error."""
    content = b""
    with pytest.raises(ContentError), store.open(digest, blake3=blake3) as file:
        while chunk := file.read(1000):
            content += chunk
    return content


def files(folder: Path) -> list[Path]:
    return [each.relative_to(folder) for each in folder.rglob("*") if each.is_file()]


def _running(kind: str) -> Iterator[BackingRegistry]:
    folder = Path(tempfile.mkdtemp(prefix="wasmhub-registry-"))
    try:
        backing = BackingRegistry(kind, folder)
        yield backing
        backing.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def docker_registry() -> Iterator[BackingRegistry]:
    yield from _running("docker-registry")


@pytest.fixture(scope="session")
def distribution() -> Iterator[BackingRegistry]:
    yield from _running("distribution")


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    """Run a registry that can be told to misbehave."""
    running = FakeRegistry()
    yield running
    running.stop()


@pytest.fixture
def machine(settings: Settings, tmp_path: Path) -> Stores:
    """Return what makes the store of a machine, with a data folder by the machine's name."""

    def make(
        url: str,
        name: str = "one",
        *,
        username: str = "",
        password: str = "",
        cache: int = 10_000_000,
    ) -> UpstreamStore:
        settings.DATA_DIR = tmp_path / name
        settings.REGISTRY_URL = url
        settings.REGISTRY_USERNAME, settings.REGISTRY_PASSWORD = username, password
        settings.CACHE_BYTES = cache
        return UpstreamStore()

    return make


@pytest.fixture(params=["filesystem", "docker-registry", "distribution"])
def store(
    request: pytest.FixtureRequest, settings: Settings, store_folder: Path
) -> Iterator[ContentStore]:
    """Return each kind of store in turn, as the settings choose it."""
    if request.param != "filesystem":
        backing = request.getfixturevalue(request.param.replace("-", "_"))
        settings.CONTENT_STORE = "registry.stores.upstream.UpstreamStore"
        settings.REGISTRY_URL = backing.repository()
    yield content_store()
    content_store.cache_clear()
