"""The content store in files."""

from __future__ import annotations

import hashlib
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.content import ContentError, ContentStore, DigestMismatchError, content_store

pytestmark = pytest.mark.single_setup

CONTENT = b"some bytes to keep"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(store_folder: Path) -> ContentStore:
    assert not store_folder.exists()
    return content_store()


def put(store: ContentStore, upload: str, content: bytes) -> int:
    store.begin(upload)
    store.append(upload, 0, content)
    return store.commit(upload, hashlib.sha256(content).hexdigest())


def files(folder: Path) -> list[Path]:
    return [each.relative_to(folder) for each in folder.rglob("*") if each.is_file()]


def test_what_was_committed_is_there(store: ContentStore, store_folder: Path) -> None:
    before = store.stat(SHA256)

    size = put(store, "u", CONTENT)

    assert before is None
    assert size == store.stat(SHA256) == len(CONTENT)
    with store.open(SHA256) as file:
        assert file.read() == CONTENT
    assert files(store_folder) == [Path("sha256") / SHA256[:2] / SHA256]


def test_the_bytes_are_hashed_where_they_lie(store: ContentStore, store_folder: Path) -> None:
    store.begin("u")
    store.append("u", 0, CONTENT)
    (store_folder / "uploads" / "u").write_bytes(b"changed behind its back")

    with pytest.raises(DigestMismatchError):
        store.commit("u", SHA256)

    assert files(store_folder) == []


def test_an_append_cuts_off_what_lay_behind_it(store: ContentStore) -> None:
    store.begin("u")
    store.append("u", 0, CONTENT[:4] + b"x" * 100)

    length = store.append("u", 4, CONTENT[4:])

    assert length == len(CONTENT)
    assert store.commit("u", SHA256) == len(CONTENT)


def test_an_append_behind_the_end_is_refused(store: ContentStore) -> None:
    store.begin("u")
    store.append("u", 0, b"ab")

    with pytest.raises(ContentError):
        store.append("u", 3, b"c")


def test_an_upload_that_is_over_cannot_be_used(store: ContentStore) -> None:
    put(store, "committed", CONTENT)
    store.begin("aborted")
    store.abort("aborted")
    store.abort("aborted")

    for upload in ("committed", "aborted", "never"):
        with pytest.raises(ContentError):
            store.append(upload, 0, b"x")
        with pytest.raises(ContentError):
            store.commit(upload, SHA256)
    with store.open(SHA256) as file:
        assert file.read() == CONTENT


def test_content_that_goes_is_gone(store: ContentStore) -> None:
    put(store, "u", CONTENT)

    store.delete(SHA256)
    store.delete(SHA256)

    assert store.stat(SHA256) is None
    with pytest.raises(ContentError):
        store.open(SHA256)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".", "x" * 64, "A" * 64, "\x00"])
def test_nothing_leads_out_of_the_folder(store: ContentStore, name: str) -> None:
    with pytest.raises(ValueError, match="sha256"):
        store.stat(name)
    if name != "x" * 64:
        with pytest.raises(ValueError, match="upload"):
            store.begin(name)


def test_a_late_writer_never_changes_what_was_committed(store: ContentStore) -> None:
    def commit() -> bool:
        try:
            store.commit("u", SHA256)
        except DigestMismatchError:
            return False
        return True

    def disturb() -> None:
        for _ in range(20):
            try:
                store.append("u", 0, b"disturbance")
            except ContentError:
                return

    for _ in range(20):
        store.begin("u")
        store.append("u", 0, CONTENT)
        with ThreadPoolExecutor(2) as pool:
            committed = pool.submit(commit)
            pool.submit(disturb).result()
        if committed.result():
            with store.open(SHA256) as file:
                assert file.read() == CONTENT
        store.delete(SHA256)


def test_many_processes_may_push_the_same_bytes(store: ContentStore) -> None:
    fork = multiprocessing.get_context("fork")
    pushers = [fork.Process(target=put, args=(store, f"u{n}", CONTENT)) for n in range(6)]

    for pusher in pushers:
        pusher.start()
    for pusher in pushers:
        pusher.join()

    assert {pusher.exitcode for pusher in pushers} == {0}
    with store.open(SHA256) as file:
        assert file.read() == CONTENT
