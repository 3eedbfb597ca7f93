"""Content on its way from the backing registry: who gets it when."""

from __future__ import annotations

import asyncio
import fcntl
import io
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from core.content import ContentError
from registry.stores.upstream import UpstreamStore
from tests.registry.stores.conftest import PATIENCE, Stores, read
from tests.stand_ins.registry import FakeRegistry

pytestmark = pytest.mark.single_setup

SMALL = os.urandom(1000)
LARGE = os.urandom(4_000_000)
fork = multiprocessing.get_context("fork")


@pytest.fixture
def store(machine: Stores, fake: FakeRegistry) -> UpstreamStore:
    return machine(fake.url)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class TestWhileTheBytesCome:
    @pytest.fixture
    def coming(self, fake: FakeRegistry) -> Iterator[str]:
        """Keep a content of which half comes, and the rest once the event is set."""
        fake.faults.stall = threading.Event()
        yield fake.keep(LARGE)
        fake.faults.stall.set()

    @pytest.fixture
    def more(self, fake: FakeRegistry, coming: str) -> threading.Event:
        assert fake.faults.stall is not None
        return fake.faults.stall

    def test_the_first_reader_does_not_wait_for_the_last(
        self, store: UpstreamStore, coming: str, more: threading.Event
    ) -> None:
        with store.open(coming) as file:
            first = file.read(500_000)
            more.set()
            rest = file.read()

        assert first + rest == LARGE

    def test_the_size_is_known(self, store: UpstreamStore, fake: FakeRegistry, coming: str) -> None:
        with store.open(coming) as file:
            assert store.stat(coming) == len(LARGE)
            assert file.seek(0, io.SEEK_END) == len(LARGE)
        assert fake.asked_with("HEAD") == []

    @pytest.mark.parametrize(
        "jump",
        [
            lambda file: (file.seek(300_000), file.read(10))[1] == LARGE[300_000:300_010],
            lambda file: (file.seek(1_500_000), file.read(10))[1] == LARGE[1_500_000:1_500_010],
            lambda file: file.read() == LARGE,
            lambda file: os.fstat(file.fileno()).st_size == len(LARGE),
        ],
        ids=["to what is there", "ahead", "to the end", "to the descriptor"],
    )
    def test_who_jumps_waits_for_the_whole(
        self,
        store: UpstreamStore,
        coming: str,
        more: threading.Event,
        jump: Callable[[BinaryIO], bool],
    ) -> None:
        with (
            store.open(coming) as file,
            store.open(coming) as second,
            ThreadPoolExecutor(1) as pool,
        ):
            second.read(500_000)
            jumping = pool.submit(jump, file)
            with pytest.raises(FutureTimeout):
                jumping.result(timeout=0.2)
            more.set()

            assert jumping.result()

    def test_nobody_waits_on_an_event_loop(
        self, store: UpstreamStore, coming: str, more: threading.Event
    ) -> None:
        async def ask() -> None:
            with pytest.raises(OSError, match="fileno"):
                file.fileno()

        with store.open(coming) as file:
            asyncio.run(ask())
            more.set()
            file.read()
            assert os.fstat(file.fileno()).st_size == len(LARGE)

    def test_everybody_shares_them(
        self, store: UpstreamStore, fake: FakeRegistry, coming: str, more: threading.Event
    ) -> None:
        with ThreadPoolExecutor(8) as pool:
            opened = [pool.submit(store.open, coming) for _ in range(8)]
            begun = [each.result().read(300_000) for each in opened]
            more.set()
            rest = list(pool.map(lambda each: each.result().read(), opened))
            for each in opened:
                each.result().close()

        assert [a + b for a, b in zip(begun, rest, strict=True)] == [LARGE] * 8
        assert len(fake.asked_with("GET")) == 1

    def test_other_processes_wait_for_them(
        self, store: UpstreamStore, fake: FakeRegistry, coming: str, more: threading.Event
    ) -> None:
        def check() -> None:
            assert read(store, coming) == LARGE

        processes = [fork.Process(target=check) for _ in range(3)]
        for process in processes:
            process.start()
        wait_for(lambda: fake.asked_with("GET") != [])
        more.set()
        for process in processes:
            process.join()

        assert [process.exitcode for process in processes] == [0, 0, 0]
        assert len(fake.asked_with("GET")) == 1

    def test_a_process_that_is_forked_meanwhile_waits_for_them(
        self, store: UpstreamStore, fake: FakeRegistry, coming: str, more: threading.Event
    ) -> None:
        def check() -> None:
            assert read(store, coming) == LARGE

        with store.open(coming) as file:
            file.read(10)
            process = fork.Process(target=check)
            process.start()
            more.set()
            process.join()

        assert process.exitcode == 0
        assert len(fake.asked_with("GET")) == 1

    def test_a_process_that_is_killed_is_not_waited_for(
        self,
        store: UpstreamStore,
        fake: FakeRegistry,
        tmp_path: Path,
        coming: str,
        more: threading.Event,
    ) -> None:
        filling = tmp_path / "one/blobs/cache/filling" / coming
        process = fork.Process(target=read, args=(store, coming))
        process.start()
        wait_for(lambda: filling.exists() and filling.stat().st_size > 0)
        process.kill()
        process.join()
        half = filling.stat().st_size
        more.set()

        content = read(store, coming)

        assert 0 < half < len(LARGE)
        assert content == LARGE
        assert not filling.exists()

    def test_one_failure_is_everybodys(
        self, store: UpstreamStore, fake: FakeRegistry, coming: str, more: threading.Event
    ) -> None:
        fake.faults.damage = lambda content: content[:-1] + bytes([content[-1] ^ 1])
        with store.open(coming) as one, store.open(coming) as two:
            assert one.read(10) == two.read(10) == LARGE[:10]
            more.set()
            for file in (one, two):
                with pytest.raises(ContentError, match="other bytes"):
                    file.read()


def test_who_waited_for_a_lock_never_empties_what_was_fetched_meanwhile(
    store: UpstreamStore, fake: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = fake.keep(SMALL)
    filling = tmp_path / "one/blobs/cache/filling" / digest
    kept = tmp_path / "kept"
    locked = fcntl.flock

    def lock_late(file: Any, operation: int) -> None:
        if not kept.exists():  # another process gets the lock, is done, and lets go
            filling.write_bytes(b"content")
            filling.rename(kept)
        locked(file, operation)

    monkeypatch.setattr(fcntl, "flock", lock_late)

    assert read(store, digest) == SMALL
    assert kept.read_bytes() == b"content"
