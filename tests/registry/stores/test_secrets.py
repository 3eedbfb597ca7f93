"""The hub's credentials go to the backing registry, when it asks, and nowhere else."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from core.content import ContentError
from registry.stores.upstream import UpstreamStore
from tests.registry.stores.conftest import Stores, given, put, read, sha256
from tests.stand_ins.registry import FakeRegistry, Faults

pytestmark = pytest.mark.single_setup

SMALL = os.urandom(1000)
LARGE = os.urandom(4_000_000)
BASIC = "Basic aHViOnNlY3JldA=="  # hub:secret


@pytest.fixture
def other() -> Iterator[FakeRegistry]:
    """Run another host."""
    running = FakeRegistry()
    yield running
    running.stop()


@pytest.mark.parametrize("path", ["/v2/x/blobs/uploads/1", "/"])
def test_a_push_never_goes_on_at_another_host(
    machine: Stores, fake: FakeRegistry, other: FakeRegistry, path: str
) -> None:
    store = machine(fake.url, username="hub", password="secret")
    fake.faults = Faults(upload_location=other.url + path, challenge="Basic", accepts=BASIC)

    with pytest.raises(ContentError, match="another host"):
        put(store, SMALL)

    assert other.asked == []


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
