"""The content store in files: how they lie there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from core.content import ContentStore, DigestMismatchError, content_store
from tests.registry.stores.conftest import files, put

pytestmark = pytest.mark.single_setup

CONTENT = b"some bytes to keep"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(store_folder: Path) -> ContentStore:
    assert not store_folder.exists()
    return content_store()


def test_there_is_one_file_for_each_content(store: ContentStore, store_folder: Path) -> None:
    put(store, CONTENT, "first")
    put(store, CONTENT, "second")

    assert files(store_folder) == [Path("sha256") / SHA256[:2] / SHA256]


def test_the_bytes_are_hashed_where_they_lie(store: ContentStore, store_folder: Path) -> None:
    store.begin("u")
    store.append("u", 0, CONTENT)
    (store_folder / "uploads" / "u").write_bytes(b"changed behind its back")

    with pytest.raises(DigestMismatchError):
        store.commit("u", SHA256)

    assert files(store_folder) == []
