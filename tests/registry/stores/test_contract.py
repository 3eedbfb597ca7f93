"""What every content store does, whatever it keeps its bytes in."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.content import (
    ContentError,
    ContentStore,
    DigestMismatchError,
    content_store,
    sha256_of_file,
)
from registry.stores.upstream import UpstreamStore
from tests.registry.stores.conftest import put, read, sha256

pytestmark = pytest.mark.single_setup

CONTENT = b"some bytes to keep"
SHA256 = sha256(CONTENT)
fork = multiprocessing.get_context("fork")


def in_processes(work: Callable[[int], object], count: int) -> None:
    """Do it in so many processes at once, and see that it went well in each."""
    running = [fork.Process(target=work, args=(number,)) for number in range(count)]
    for process in running:
        process.start()
    for process in running:
        process.join()
    assert {process.exitcode for process in running} == {0}


def forget_copies(store: ContentStore) -> None:
    """Make the store look where it really keeps its bytes."""
    if isinstance(store, UpstreamStore):
        for path in store.folder.glob("cache/??/*"):
            path.unlink(missing_ok=True)


def test_what_was_committed_is_there(store: ContentStore) -> None:
    before = store.stat(SHA256)

    store.begin("u")
    store.append("u", 0, CONTENT)
    size = store.commit("u", SHA256).size

    assert before is None
    assert size == store.stat(SHA256) == len(CONTENT)
    assert read(store, SHA256) == CONTENT
    forget_copies(store)
    assert store.stat(SHA256) == len(CONTENT)
    assert read(store, SHA256) == CONTENT


def test_it_is_there_after_a_restart(store: ContentStore) -> None:
    put(store, CONTENT)

    content_store.cache_clear()

    assert content_store() is not store
    assert read(content_store(), SHA256) == CONTENT


@pytest.mark.parametrize("size", [0, 1, 600_000, 5_000_001])
def test_contents_of_every_size_come_back(store: ContentStore, size: int) -> None:
    content = os.urandom(size)
    digest = put(store, content)

    for _ in range(2):
        assert store.stat(digest) == size
        assert read(store, digest) == content
        forget_copies(store)


def test_other_bytes_are_refused_and_nothing_is_kept(store: ContentStore) -> None:
    store.begin("u")
    store.append("u", 0, b"x" * len(CONTENT))

    with pytest.raises(DigestMismatchError):
        store.commit("u", SHA256)

    assert store.stat(SHA256) is None
    assert store.stat(sha256(b"x" * len(CONTENT))) is None
    with pytest.raises(ContentError):
        store.append("u", 0, CONTENT)


def test_the_same_bytes_may_be_committed_again(store: ContentStore) -> None:
    content = os.urandom(700_000)
    put(store, content, "first")

    digest = put(store, content, "second")

    forget_copies(store)
    assert read(store, digest) == content


def test_an_append_cuts_off_what_lay_behind_it(store: ContentStore) -> None:
    store.begin("u")
    store.append("u", 0, CONTENT[:4] + b"x" * 100)

    length = store.append("u", 4, CONTENT[4:])

    assert length == len(CONTENT)
    assert store.commit("u", SHA256).size == len(CONTENT)


def test_an_append_behind_the_end_is_refused(store: ContentStore) -> None:
    store.begin("u")
    store.append("u", 0, b"ab")

    with pytest.raises(ContentError):
        store.append("u", 3, b"c")


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_what_an_upload_holds_so_far_can_be_hashed(store: ContentStore, algorithm: str) -> None:
    store.begin("u")
    store.append("u", 0, CONTENT)
    store.append("u", 4, b"")

    hashed = store.hash("u", algorithm)

    assert hashed == hashlib.new(algorithm, CONTENT[:4]).hexdigest()
    with pytest.raises(ValueError, match="md5"):
        store.hash("u", "md5")


def test_an_upload_that_is_over_cannot_be_used(store: ContentStore) -> None:
    put(store, CONTENT, "committed")
    store.begin("aborted")
    store.abort("aborted")
    store.abort("aborted")

    for upload in ("committed", "aborted", "never"):
        with pytest.raises(ContentError):
            store.append(upload, 0, b"x")
        with pytest.raises(ContentError):
            store.hash(upload, "sha256")
        with pytest.raises(ContentError):
            store.commit(upload, SHA256)
    assert read(store, SHA256) == CONTENT


def test_content_that_goes_is_gone_and_may_come_back(store: ContentStore) -> None:
    put(store, CONTENT)

    store.delete(SHA256)
    store.delete(SHA256)

    assert store.stat(SHA256) is None
    with pytest.raises(ContentError):
        store.open(SHA256)
    put(store, CONTENT)
    assert read(store, SHA256) == CONTENT


def test_a_file_can_be_read_from_anywhere(store: ContentStore) -> None:
    content = os.urandom(3_000_000)
    digest = put(store, content)

    for _ in range(2):
        forget_copies(store)
        with store.open(digest) as file:
            assert file.seek(-10, io.SEEK_END) == len(content) - 10
            assert file.read() == content[-10:]
            file.seek(1_000_000)
            assert file.read(300_000) == content[1_000_000:1_300_000]
            file.seek(0)
            assert sha256_of_file(file) == digest


def test_a_file_can_be_handed_to_another_process(store: ContentStore) -> None:
    content = os.urandom(3_000_000)
    digest = put(store, content)
    forget_copies(store)

    with store.open(digest) as file:
        assert os.pread(file.fileno(), len(content), 0) == content


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".", "x" * 64, "A" * 64, "\x00"])
def test_nothing_leads_out_of_the_folder(store: ContentStore, name: str) -> None:
    for ask in (store.stat, store.open, store.delete):
        with pytest.raises(ValueError, match="sha256"):
            ask(name)
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

    for _ in range(10):
        store.begin("u")
        store.append("u", 0, CONTENT)
        with ThreadPoolExecutor(2) as pool:
            committed = pool.submit(commit)
            pool.submit(disturb).result()
        if committed.result():
            assert read(store, SHA256) == CONTENT
        store.delete(SHA256)


def test_many_processes_may_push_the_same_bytes(store: ContentStore) -> None:
    in_processes(lambda number: put(store, CONTENT, f"u{number}"), 6)

    forget_copies(store)
    assert read(store, SHA256) == CONTENT


def test_many_processes_and_threads_may_read_what_is_new_to_them(store: ContentStore) -> None:
    contents = {put(store, content): content for content in (CONTENT, os.urandom(2_000_000))}
    forget_copies(store)

    def work(number: int) -> None:
        with ThreadPoolExecutor(8) as pool:
            for _ in range(4):
                for digest, content in contents.items():
                    seen = pool.map(read, [store] * 8, [digest] * 8)
                    assert all(each == content for each in seen)

    in_processes(work, 3)


def test_readers_and_pushers_do_not_disturb_each_other(store: ContentStore) -> None:
    contents = [os.urandom(900_000) for _ in range(4)]

    def work(number: int) -> None:
        for content in contents[number:] + contents[:number]:
            digest = put(store, content, f"u{number}-{content[:4].hex()}")
            assert read(store, digest) == content
            forget_copies(store)
            assert read(store, digest) == content

    in_processes(work, 4)
