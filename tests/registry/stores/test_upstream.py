"""The content store in a backing registry: real ones, and the cache in front of them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from blake3 import blake3
from django.core.exceptions import ImproperlyConfigured

from core.content import ContentError, DigestMismatchError, Kept
from registry.stores.upstream import UpstreamStore
from tests.registries import PASSWORD, USERNAME, BackingRegistry
from tests.registry.stores.conftest import Stores, files, put, read, sha256

pytestmark = pytest.mark.single_setup

CONTENT = b"some bytes to keep"
SHA256 = sha256(CONTENT)


@pytest.fixture
def url(docker_registry: BackingRegistry) -> str:
    return docker_registry.repository()


@pytest.fixture
def store(machine: Stores, url: str) -> UpstreamStore:
    return machine(url)


@pytest.fixture
def cached(store: UpstreamStore, tmp_path: Path) -> Path:
    """Push the content and return the file of the cache that has it."""
    put(store, CONTENT)
    return cached_file(tmp_path, SHA256)


def cached_file(tmp_path: Path, digest: str) -> Path:
    return tmp_path / "one/blobs/cache" / digest[:2] / digest


def cached_digests(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "one/blobs/cache").glob("??/*")}


class TestTheBytes:
    def test_are_in_the_backing_registry(self, store: UpstreamStore, url: str) -> None:
        put(store, CONTENT)

        origin, _, repository = url.partition("/tests/")
        answer = httpx.get(f"{origin}/v2/tests/{repository}/blobs/sha256:{SHA256}")

        assert answer.content == CONTENT

    def test_are_read_by_other_machines(self, machine: Stores, url: str) -> None:
        content = os.urandom(3_000_000)
        digest = put(machine(url, "one"), content)

        other = machine(url, "other")

        assert other.stat(digest) == len(content)
        assert read(other, digest) == content

    def test_survive_the_backend_when_they_are_in_the_cache(
        self, machine: Stores, tmp_path: Path
    ) -> None:
        backing = BackingRegistry("docker-registry", tmp_path)
        store = machine(backing.url)
        digest = put(store, CONTENT)

        backing.stop()

        assert read(store, digest) == CONTENT

    def test_that_the_backend_damaged_are_never_given(
        self,
        machine: Stores,
        docker_registry: BackingRegistry,
        tmp_path: Path,
    ) -> None:
        url = docker_registry.repository()
        content = os.urandom(3_000_000)
        digest = put(machine(url, "one"), content)
        docker_registry.file_of(digest).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        other = machine(url, "other")

        with pytest.raises(ContentError), other.open(digest) as file:
            while file.read(100_000):
                pass

        assert files(tmp_path / "other/blobs") == []


class TestAnUpload:
    def test_is_known_by_two_hashes_afterwards(self, store: UpstreamStore) -> None:
        store.begin("u")
        store.append("u", 0, CONTENT)

        kept = store.commit("u", SHA256)

        assert kept == Kept(SHA256, len(CONTENT), blake3(CONTENT).hexdigest())

    def test_that_the_backend_has_already_is_known_by_both_too(self, store: UpstreamStore) -> None:
        content = os.urandom(3_000_000)
        put(store, content)
        store.begin("u")
        store.append("u", 0, content)

        assert store.commit("u", sha256(content)).blake3 == blake3(content).hexdigest()

    def test_outlives_a_backend_that_is_away(self, machine: Stores, tmp_path: Path) -> None:
        backing = BackingRegistry("docker-registry", tmp_path)
        store = machine(backing.url)
        store.begin("u")
        store.append("u", 0, CONTENT)
        backing.stop()

        with pytest.raises(ContentError, match="does not answer"):
            store.commit("u", SHA256)
        backing.start()
        size = store.commit("u", SHA256).size
        backing.stop()

        assert size == len(CONTENT)

    def test_that_has_other_bytes_never_gets_to_the_backend(
        self, store: UpstreamStore, docker_registry: BackingRegistry, tmp_path: Path
    ) -> None:
        content = os.urandom(3_000_000)
        store.begin("u")
        store.append("u", 0, content)
        (tmp_path / "one/blobs/uploads/u").write_bytes(content[:-1])

        with pytest.raises(DigestMismatchError):
            store.commit("u", sha256(content))

        assert not docker_registry.file_of(sha256(content)).exists()
        assert not docker_registry.file_of(sha256(content[:-1])).exists()
        assert files(tmp_path / "one/blobs") == []


class TestTheCache:
    @pytest.mark.parametrize("damage", [CONTENT[:-1] + b"!", CONTENT[:-1], b""])
    def test_heals_when_a_file_was_damaged(
        self,
        store: UpstreamStore,
        cached: Path,
        damage: bytes,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        assert read(store, SHA256) == CONTENT
        cached.write_bytes(damage)

        size = store.stat(SHA256)
        content = read(store, SHA256)

        assert (size, content) == (len(CONTENT), CONTENT)
        assert cached.read_bytes() == CONTENT
        assert "dropped" in caplog.text

    def test_is_not_trusted_by_a_process_that_has_just_started(
        self, machine: Stores, url: str, cached: Path
    ) -> None:
        before = cached.stat()
        cached.write_bytes(CONTENT[:-1] + b"!")
        os.utime(cached, ns=(before.st_atime_ns, before.st_mtime_ns))

        assert read(machine(url), SHA256) == CONTENT

    def test_stays_within_its_bounds_and_keeps_what_is_asked_for(
        self, machine: Stores, url: str, tmp_path: Path
    ) -> None:
        store = machine(url, cache=100_000)
        digests = [put(store, os.urandom(20_000), f"u{number}") for number in range(4)]
        for age, digest in enumerate(digests):
            file = cached_file(tmp_path, digest)
            asked = time.time_ns() - (10_000 - age) * 10**9
            os.utime(file, ns=(asked, file.stat().st_mtime_ns))
        store.open(digests[0]).close()

        fifth = put(store, os.urandom(20_000), "fifth")

        assert cached_digests(tmp_path) == {digests[0], digests[2], digests[3], fifth}
        assert all(len(read(store, digest)) == 20_000 for digest in digests)
        assert len(cached_digests(tmp_path)) <= 4

    def test_gives_what_is_too_large_for_it(self, machine: Stores, url: str) -> None:
        store = machine(url, cache=1000)
        contents = [os.urandom(size) for size in (20_000, 2_000_000)]

        for number, content in enumerate(contents):
            digest = put(store, content, f"u{number}")
            assert read(store, digest) == content

    def test_may_drop_what_is_being_read(self, machine: Stores, url: str, tmp_path: Path) -> None:
        store = machine(url, cache=1_000_000)
        content = os.urandom(900_000)
        digest = put(store, content)

        with store.open(digest) as file:
            begun = file.read(1000)
            put(store, os.urandom(900_000), "other")
            gone = not cached_file(tmp_path, digest).exists()
            content_read = begun + file.read()

        assert gone
        assert content_read == content

    def test_forgets_what_was_being_fetched_by_a_process_that_died(
        self, store: UpstreamStore, tmp_path: Path
    ) -> None:
        left = tmp_path / "one/blobs/cache/filling" / SHA256
        left.write_bytes(b"half of")

        put(store, b"the first that this process adds")

        assert not left.exists()


class TestADeletion:
    def test_is_seen_by_other_machines_that_ask_afresh(self, machine: Stores, url: str) -> None:
        one, other = machine(url, "one"), machine(url, "other")
        put(one, CONTENT)
        assert read(other, SHA256) == CONTENT

        one.delete(SHA256)

        assert one.stat(SHA256) is None
        assert other.stat(SHA256, fresh=True) is None

    def test_is_asked_of_the_operator_when_the_backend_does_not_do_it(
        self, machine: Stores, tmp_path: Path
    ) -> None:
        backing = BackingRegistry("docker-registry", tmp_path, deletes=False)
        store = machine(backing.url)
        put(store, CONTENT)

        with pytest.raises(ContentError, match="enable deletes"):
            store.delete(SHA256)
        content = read(store, SHA256)
        backing.stop()

        assert content == CONTENT


class TestABackendWithUsers:
    @pytest.fixture
    def backing(self, tmp_path: Path) -> Iterator[BackingRegistry]:
        running = BackingRegistry("docker-registry", tmp_path, users=True)
        yield running
        running.stop()

    def test_lets_the_hub_in(self, machine: Stores, backing: BackingRegistry) -> None:
        store = machine(backing.url, username=USERNAME, password=PASSWORD)
        content = os.urandom(1_000_000)

        digest = put(store, content)
        fresh = machine(backing.url, "other", username=USERNAME, password=PASSWORD)

        assert read(fresh, digest) == content
        fresh.delete(digest)
        assert store.stat(digest, fresh=True) is None

    @pytest.mark.parametrize("user", [("", ""), (USERNAME, "wrong"), ("stranger", PASSWORD)])
    def test_lets_nobody_else_in(
        self, machine: Stores, backing: BackingRegistry, user: tuple[str, str]
    ) -> None:
        store = machine(backing.url, username=user[0], password=user[1])

        with pytest.raises(ContentError, match="credentials"):
            put(store, CONTENT)
        with pytest.raises(ContentError, match="credentials"):
            store.stat(SHA256)
        with pytest.raises(ContentError, match="credentials"):
            store.open(SHA256)


@pytest.mark.parametrize(
    "address",
    [
        "registry.example",
        "ftp://registry.example",
        "https://hub:secret@registry.example",
        "https://registry.example/Upper",
        "https://registry.example/a?b=c",
        "https://registry.example:port/a",
    ],
)
def test_an_address_that_is_none_is_refused(machine: Stores, address: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="HUB_REGISTRY_URL") as refused:
        machine(address)

    assert "secret" not in str(refused.value)
