"""Backing registries that fail, lie or dawdle."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from core.content import ContentError, DigestMismatchError
from registry.stores import connection
from registry.stores.upstream import UpstreamStore
from tests.registry.stores.conftest import PATIENCE, Stores, files, given, put, read, sha256
from tests.stand_ins.registry import FakeRegistry, Faults

pytestmark = pytest.mark.single_setup

SMALL = os.urandom(1000)
LARGE = os.urandom(4_000_000)


@pytest.fixture
def store(machine: Stores, fake: FakeRegistry) -> UpstreamStore:
    return machine(fake.url)


READING: dict[str, dict[str, Any]] = {
    "fails": {"status": {"GET": 500}},
    "has no time": {"status": {"GET": 429}},
    "forbids": {"status": {"GET": 403}},
    "wants something": {"status": {"GET": 401}},
    "gives a part": {"status": {"GET": 206}},
    "redirects nowhere": {"status": {"GET": 307}},
    "swaps": {"damage": lambda content: bytes(len(content))},
    "changes the last byte": {"damage": lambda content: content[:-1] + bytes([content[-1] ^ 1])},
    "gives less": {"damage": lambda content: content[:-1]},
    "gives nothing": {"damage": lambda _content: b""},
    "gives more": {"damage": lambda content: content + b"!"},
    "hangs up": {"sends": 700},
    "announces less": {"announces": "500"},
    "announces more": {"announces": "3000000"},
    "announces in two ways": {"chunks": True},
    "announces nothing": {"announces": "nothing"},
    "announces nonsense": {"announces": "-1"},
    "announces the moon": {"announces": "9" * 30},
}


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("checked", ["by sha256", "by blake3"])
@pytest.mark.parametrize("fault", READING.values(), ids=READING.keys())
def test_a_reader_gets_an_error_and_never_all_of_the_wrong_bytes(
    store: UpstreamStore,
    fake: FakeRegistry,
    tmp_path: Path,
    *,
    fault: dict[str, Any],
    checked: str,
    content: bytes,
) -> None:
    digest = fake.keep(content)
    second = blake3(content).hexdigest() if checked == "by blake3" else ""
    fake.faults = Faults(**fault)

    seen = given(store, digest, blake3=second)
    with pytest.raises(ContentError):
        read(store, digest, blake3=second)
    left = files(tmp_path / "one/blobs")
    fake.faults = Faults()

    assert len(seen) < len(content) or seen == content
    assert left == []
    assert read(store, digest, blake3=second) == content


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.3)
    monkeypatch.setattr(connection, "SLOWEST", 100 * connection.SLOWEST)


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("fault", ["stall", "drips"])
def test_a_reader_does_not_wait_for_ever(
    store: UpstreamStore, fake: FakeRegistry, tmp_path: Path, fault: str, content: bytes
) -> None:
    digest = fake.keep(content)
    rest = threading.Event()
    fake.faults = Faults(stall=rest) if fault == "stall" else Faults(drips=True)
    begun = time.monotonic()

    seen = given(store, digest)
    seconds = time.monotonic() - begun
    rest.set()

    assert seconds < PATIENCE / 2
    assert len(seen) < len(content)
    assert files(tmp_path / "one/blobs") == []


class TestAskingForTheSize:
    @pytest.mark.parametrize(
        "fault",
        [{"status": {"HEAD": status}} for status in (429, 500, 403)]
        + [{"says_in_head": text} for text in ("-5", "many", "9" * 30)],
    )
    def test_is_no_no_when_it_fails(
        self, store: UpstreamStore, fake: FakeRegistry, fault: dict[str, Any]
    ) -> None:
        digest = fake.keep(SMALL)
        fake.faults = Faults(**fault)

        with pytest.raises(ContentError):
            store.stat(digest)


def test_a_connection_that_was_closed_meanwhile_is_no_failure(
    store: UpstreamStore, fake: FakeRegistry
) -> None:
    digest = fake.keep(SMALL)
    fake.faults.tires = True

    assert [store.stat(digest) for _ in range(3)] == [len(SMALL)] * 3
    assert read(store, digest) == SMALL


class TestAPush:
    @pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
    @pytest.mark.parametrize(
        "fault",
        [
            {"status": {"POST": 500}},
            {"status": {"POST": 429}},
            {"status": {"POST": 201}},
            {"status": {"POST": 307}},
            {"status": {"PUT": 500}},
            {"status": {"PUT": 202}},
            {"status": {"PUT": 307}},
            {"status": {"HEAD": 503}},
            {"says_in_head": "7"},
            {"forgets": True},
        ],
        ids=str,
    )
    def test_that_the_backend_did_not_keep_is_no_success_and_can_be_repeated(
        self, store: UpstreamStore, fake: FakeRegistry, fault: dict[str, Any], content: bytes
    ) -> None:
        store.begin("u")
        store.append("u", 0, content)
        fake.faults = Faults(**fault)

        with pytest.raises(ContentError):
            store.commit("u", sha256(content))
        fake.faults = Faults()

        assert store.commit("u", sha256(content)).size == len(content)
        assert fake.blobs[sha256(content)] == content

    @pytest.mark.usefixtures("hurry")
    def test_that_is_taken_at_leisure_is_given_up(
        self, store: UpstreamStore, fake: FakeRegistry
    ) -> None:
        fake.faults.dawdles = True

        with pytest.raises(ContentError, match="slowly"):
            put(store, bytes(20_000_000))  # more than the system buffers

        assert fake.blobs == {}

    def test_of_other_bytes_is_cancelled_there(
        self, store: UpstreamStore, fake: FakeRegistry
    ) -> None:
        store.begin("u")
        store.append("u", 0, LARGE)

        with pytest.raises(DigestMismatchError):
            store.commit("u", sha256(SMALL))

        assert fake.blobs == {}
        assert ["/blobs/uploads/" in path for method, path, _ in fake.asked if method == "DELETE"]


class TestADeletion:
    @pytest.mark.parametrize("status", [400, 401, 405, 429, 500])
    def test_that_the_backend_refuses_is_no_success(
        self, store: UpstreamStore, fake: FakeRegistry, status: int
    ) -> None:
        digest = put(store, SMALL)
        fake.faults.status = {"DELETE": status}

        with pytest.raises(ContentError):
            store.delete(digest)
        kept = read(store, digest)
        fake.faults.status = {}
        store.delete(digest)

        assert kept == SMALL
        assert store.stat(digest) is None

    def test_waits_for_those_who_fetch(self, store: UpstreamStore, fake: FakeRegistry) -> None:
        digest = fake.keep(LARGE)
        fake.faults.stall = threading.Event()
        with store.open(digest) as file, ThreadPoolExecutor(1) as pool:
            file.read(10)
            deleting = pool.submit(store.delete, digest)
            file.read(500_000)
            waited = not deleting.done()
            fake.faults.stall.set()
            deleting.result()

        assert waited
        assert store.stat(digest) is None
