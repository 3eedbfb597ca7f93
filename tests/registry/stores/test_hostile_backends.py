"""Backing registries that fail, lie, dawdle, or ask for what is not theirs."""

from __future__ import annotations

import asyncio
import io
import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from core.content import ContentError
from registry.stores import connection
from registry.stores.upstream import UpstreamStore
from tests.registry.stores.conftest import Stores, files, put, read, sha256
from tests.stand_ins.registry import FakeRegistry, Faults

pytestmark = pytest.mark.single_setup

SMALL = os.urandom(1000)
LARGE = os.urandom(2_000_000)
PATIENCE = 20
BASIC = "Basic aHViOnNlY3JldA=="  # hub:secret
fork = multiprocessing.get_context("fork")


@pytest.fixture
def store(machine: Stores, fake: FakeRegistry) -> UpstreamStore:
    return machine(fake.url)


@pytest.fixture
def other() -> Iterator[FakeRegistry]:
    """Run another host."""
    running = FakeRegistry()
    yield running
    running.stop()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def given(store: UpstreamStore, digest: str) -> bytes:
    """Return what a patient reader gets before the error."""
    content = b""
    with pytest.raises(ContentError), store.open(digest) as file:
        while chunk := file.read(1000):
            content += chunk
    return content


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
    "announces nothing": {"announces": "nothing"},
    "announces nonsense": {"announces": "-1"},
    "announces the moon": {"announces": "9" * 30},
}


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("fault", READING.values(), ids=READING.keys())
def test_a_reader_gets_an_error_and_never_all_of_the_wrong_bytes(
    store: UpstreamStore,
    fake: FakeRegistry,
    tmp_path: Path,
    fault: dict[str, Any],
    content: bytes,
) -> None:
    digest = fake.keep(content)
    fake.faults = Faults(**fault)

    seen = given(store, digest)
    with pytest.raises(ContentError):
        read(store, digest)
    left = files(tmp_path / "one/blobs")
    fake.faults = Faults()

    assert len(seen) < len(content) or seen == content
    assert left == []
    assert read(store, digest) == content


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

        assert store.commit("u", sha256(content)) == len(content)
        assert fake.blobs[sha256(content)] == content

    @pytest.mark.parametrize("path", ["/v2/x/blobs/uploads/1", "/"])
    def test_never_goes_on_at_another_host(
        self, machine: Stores, fake: FakeRegistry, other: FakeRegistry, path: str
    ) -> None:
        store = machine(fake.url, username="hub", password="secret")
        fake.faults = Faults(upload_location=other.url + path, challenge="Basic", accepts=BASIC)

        with pytest.raises(ContentError, match="another host"):
            put(store, SMALL)

        assert other.asked == []


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


class TestARedirect:
    @pytest.fixture
    def store(self, machine: Stores, fake: FakeRegistry, other: FakeRegistry) -> UpstreamStore:
        fake.faults.challenge, fake.faults.accepts = "Basic", BASIC
        fake.faults.redirect = f"{other.url}/storage/sha256:{sha256(LARGE)}?signature=x"
        fake.keep(LARGE)
        return machine(fake.url, username="hub", password="secret")

    def test_is_followed_without_credentials(
        self, store: UpstreamStore, fake: FakeRegistry, other: FakeRegistry
    ) -> None:
        digest = other.keep(LARGE)

        size, content = store.stat(digest), read(store, digest)

        assert (size, content) == (len(LARGE), LARGE)
        assert BASIC in fake.asked_with("GET")
        assert [authorization for _, _, authorization in other.asked] == ["", ""]

    def test_to_wrong_bytes_is_found_out(self, store: UpstreamStore, other: FakeRegistry) -> None:
        other.blobs[sha256(LARGE)] = bytes(len(LARGE))

        assert len(given(store, sha256(LARGE))) < len(LARGE)

    def test_in_a_circle_ends(self, store: UpstreamStore, other: FakeRegistry) -> None:
        other.faults.redirect = f"{other.url}/again"

        with pytest.raises(ContentError, match="too often"):
            store.open(sha256(LARGE))

        assert len(other.asked) == 3

    @pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://", "//"])
    def test_to_what_is_no_address_is_refused(
        self, store: UpstreamStore, fake: FakeRegistry, place: str
    ) -> None:
        fake.faults.redirect = place

        with pytest.raises(ContentError):
            store.open(sha256(LARGE))


@contextmanager
def bearer(fake: FakeRegistry, **token: object) -> Iterator[None]:
    """Let the registry ask for a token, and give this one for the hub's credentials."""
    fake.faults.challenge = f'Bearer realm="{fake.url}/token",service="it",scope="given"'
    fake.faults.accepts = "Bearer right"
    fake.faults.token = token
    yield


class TestATokenService:
    @pytest.fixture
    def store(self, machine: Stores, fake: FakeRegistry) -> UpstreamStore:
        return machine(fake.url, username="hub", password="secret")

    @pytest.mark.parametrize("key", ["token", "access_token"])
    def test_of_the_registry_itself_is_used(
        self, store: UpstreamStore, fake: FakeRegistry, key: str
    ) -> None:
        with bearer(fake, **{key: "right", "expires_in": 300}):
            digest = put(store, LARGE)
            store.delete(digest)

        tokens = [each for each in fake.asked if each[1].startswith("/token")]
        assert {authorization for _, _, authorization in tokens} == {BASIC}
        assert len(tokens) == 3  # to pull, to push, to delete
        assert "service=it&scope=given" in tokens[0][1]
        assert set(fake.asked_with("PUT")) == {"Bearer right"}

    def test_is_asked_again_when_the_token_ends(
        self, store: UpstreamStore, fake: FakeRegistry
    ) -> None:
        digest = fake.keep(SMALL)
        with bearer(fake, token="right", expires_in=300):
            store.stat(digest)
            fake.faults.accepts, fake.faults.token = "Bearer new", {"token": "new"}

            assert store.stat(digest) == len(SMALL)

    @pytest.mark.parametrize(
        "token",
        [{}, {"token": ""}, {"token": 5}, {"token": "a\r\nX-Evil: b"}, {"token": "wrong"}],
        ids=str,
    )
    def test_that_gives_nonsense_is_an_error(
        self, store: UpstreamStore, fake: FakeRegistry, token: dict[str, object]
    ) -> None:
        digest = fake.keep(SMALL)
        with bearer(fake, **token), pytest.raises(ContentError):
            store.stat(digest)

    @pytest.mark.parametrize(
        "realm",
        [
            "{other}/token",
            "{fake}@{host}/token",
            "https://127.0.0.1:{port}/token",
            "http://localhost:{port}/token",
            "//{host}/token",
            "/token",
            "",
        ],
    )
    def test_elsewhere_never_gets_the_credentials(
        self, store: UpstreamStore, fake: FakeRegistry, other: FakeRegistry, realm: str
    ) -> None:
        where = {"other": other.url, "fake": fake.url, "port": fake.url.rpartition(":")[2]}
        realm = realm.format(**where, host=other.url.removeprefix("http://"))
        fake.faults.challenge = f'Bearer realm="{realm}",service="it"'
        fake.faults.accepts = "Bearer right"
        digest = fake.keep(SMALL)

        with pytest.raises(ContentError, match="another host"):
            store.open(digest)

        assert other.asked == []
        assert {authorization for _, _, authorization in fake.asked} == {""}


def test_the_log_tells_what_happened_but_no_secrets(
    machine: Stores, fake: FakeRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    store = machine(fake.url, username="hub", password="secret")
    fake.faults.challenge, fake.faults.accepts = "Basic", BASIC
    fake.faults.status = {"PUT": 500}

    with caplog.at_level(logging.DEBUG), pytest.raises(ContentError, match="500") as told:
        put(store, SMALL)

    assert "500" in caplog.text
    for secret in ("secret", BASIC.split()[1], "_state"):
        assert secret not in str(told.value)
        assert secret not in "".join(
            record.getMessage() for record in caplog.records if record.name.startswith("registry")
        )
