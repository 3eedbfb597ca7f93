from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.services import create_access_token, create_organization, create_user, set_member
from core import jobs
from core.content import content_store
from core.policy import Role
from registry import sending, warm
from registry.bridge import bridge
from registry.keys import keyring
from tests.registry.driving import Client, actor


@pytest.fixture(scope="session")
def _threads(django_db_setup: None) -> Iterator[None]:
    """Close the threads' connections before the test database goes."""
    yield
    bridge.close()


@pytest.fixture
def store_folder(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """Give the test a content store of its own."""
    settings.DATA_DIR = tmp_path
    content_store.cache_clear()
    sending.small.clear()
    sending.verified.clear()
    yield tmp_path / "blobs"
    content_store.cache_clear()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the jobs that workers are called for, instead of a broker."""
    called: list[int] = []
    monkeypatch.setattr(jobs, "wake", called.append)
    return called


@pytest.fixture
def registry(
    transactional_db: None,
    _threads: None,
    store_folder: Path,
    calls: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> Client:
    """
    Return a client for an empty registry.

    alice owns the organization acme, bob is a member, mallory is nobody there.
    """
    keyring.forget()
    # Tests of rights look at once; test_warm.py is about the two seconds.
    monkeypatch.setattr(warm, "SECONDS", 0.0)
    client = Client()
    for name in ("alice", "bob", "mallory"):
        create_user(username=name, email=f"{name}@example.com", password="x" * 12)
        _, client.secrets[name] = create_access_token(actor=actor(name), name="test")
    acme = create_organization(actor=actor("alice"), name="acme")
    set_member(actor=actor("alice"), organization=acme, username="bob", role=Role.MEMBER)
    return client
