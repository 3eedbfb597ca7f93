"""
Pushes and deletes while web server, worker and collector are killed again and again.

A journal of every 2xx is the judge: what was acknowledged is there at the end, byte for byte, what
was acknowledged as deleted is not, and the store holds everything that the database names.
``TEST_KILLS=100 TEST_PUSHES=1000`` makes it the long version.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

import httpx
import pytest

from registry.collecting import LEASE_TERM
from tests import filters
from tests.faults.processes import find
from tests.live import ROOT, Hub
from wasmhub.oci import pack

pytestmark = [pytest.mark.slow, pytest.mark.single_setup]

KILLS = int(os.environ.get("TEST_KILLS", "9"))
PUSHES = int(os.environ.get("TEST_PUSHES", "60"))
SEED = int(os.environ.get("TEST_SEED", "0")) or secrets.randbelow(10**9)
PUSHERS = 3
# Web server and worker may die five times in half a minute before `serve` gives up on them.
EVERY_SECONDS = 2.6
GRACE_SECONDS = 10
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
PATIENCE_SECONDS = 60


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


@dataclass
class Journal:
    """What was acknowledged. A request without an answer may have been done or not."""

    there: dict[str, tuple[bytes, list[bytes]]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    pushes: int = 0
    kills: int = 0


class Pusher(threading.Thread):
    """Pushes images, some with a module, and deletes some of those without."""

    def __init__(self, hub: Hub, journal: Journal, number: int) -> None:
        super().__init__()
        self._hub, self._journal = hub, journal
        self._random = random.Random(SEED + number)
        self._repository = f"alice/kills-{number}"
        self._client = httpx.Client(base_url=hub.origin, timeout=30)
        self._mine: list[str] = []
        self.trouble: list[str] = []

    def run(self) -> None:
        with self._client:
            self._go_on()

    def _go_on(self) -> None:
        while self._journal.pushes < PUSHES or self._journal.kills < KILLS:
            try:
                self._sign_in()
                if self._mine and self._random.random() < 0.25:
                    self._remove(self._mine.pop(self._random.randrange(len(self._mine))))
                else:
                    self._push()
            except httpx.TransportError:
                time.sleep(0.2)  # it was killed; nothing was acknowledged
            except Exception as error:
                self.trouble.append(repr(error))
                raise

    def _sign_in(self) -> None:
        answer = self._client.get(
            "/token",
            params={"service": self._hub.host, "scope": f"repository:{self._repository}:*"},
            auth=("alice", self._hub.tokens["alice"]),
        )
        answer.raise_for_status()
        self._client.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def _push(self) -> None:
        with_module = self._random.random() < 0.2
        if with_module:
            noise = self._random.randbytes(self._random.randrange(1, 200_000))
            packed = pack(filters.with_custom_section(filters.hello(), "noise", noise))
            blobs, manifest = [packed.config.data, packed.layer.data], packed.manifest
        else:
            blobs = [b"{}", self._random.randbytes(self._random.randrange(1, 300_000))]
            manifest = plain_manifest(*blobs)
        for blob in blobs:
            if not self._push_blob(blob):
                return
        name = digest_of(manifest)
        answer = self._client.put(
            f"/v2/{self._repository}/manifests/{name}",
            content=manifest,
            headers={"Content-Type": MANIFEST},
        )
        if answer.status_code == 201:
            self._journal.there[f"{self._repository}@{name}"] = (manifest, blobs)
            self._journal.pushes += 1
            if not with_module:
                self._mine.append(name)

    def _push_blob(self, content: bytes) -> bool:
        place = f"/v2/{self._repository}/blobs/uploads/"
        begun = self._client.post(place)
        if begun.status_code != 202:
            return False
        cut = self._random.randrange(len(content) + 1)
        self._client.patch(begun.headers["location"], content=content[:cut])
        done = self._client.put(
            begun.headers["location"],
            params={"digest": digest_of(content)},
            content=content[cut:],
        )
        return done.status_code == 201

    def _remove(self, name: str) -> None:
        key = f"{self._repository}@{name}"
        del self._journal.there[key]
        answer = self._client.delete(f"/v2/{self._repository}/manifests/{name}")
        if answer.status_code == 202:
            self._journal.gone.add(key)


def plain_manifest(config: bytes, layer: bytes) -> bytes:
    """Make a manifest without a module."""
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": digest_of(config),
            "size": len(config),
        },
        "layers": [
            {
                "mediaType": "application/octet-stream",
                "digest": digest_of(layer),
                "size": len(layer),
            }
        ],
    }
    return json.dumps(document).encode()


def collector(hub: Hub) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "collect_garbage", "--grace", str(GRACE_SECONDS)],
        cwd=ROOT,
        env=hub.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_again_and_again(hub: Hub, journal: Journal, pushers: list[Pusher]) -> int:
    """
    Kill one of the three, by turns and at random moments, while a collector always runs.

    Return how many collections came to their end.
    """
    dice = random.Random(SEED)
    # On a busy machine all the others may be killed before their end.
    collected = int(collector(hub).wait() == 0)
    collecting = collector(hub)
    while any(each.is_alive() for each in pushers):
        time.sleep(EVERY_SECONDS * dice.uniform(0.7, 1.3))
        if collecting.poll() is not None:
            collected += collecting.returncode == 0
            collecting = collector(hub)
            time.sleep(dice.uniform(0, 2.5))
        if journal.kills >= KILLS:
            continue
        victim = [
            collecting.pid,
            find(hub.process.pid, "uvicorn"),
            find(hub.process.pid, "worker"),
        ][journal.kills % 3]
        if victim is not None:
            os.kill(victim, signal.SIGKILL)
            journal.kills += 1
    collecting.wait()
    return collected


def test_nothing_that_was_acknowledged_is_lost(hub_on_store: Hub) -> None:
    hub, journal = hub_on_store, Journal()
    sys.stdout.write(f"TEST_SEED={SEED}\n")
    pushers = [Pusher(hub, journal, number) for number in range(PUSHERS)]
    for pusher in pushers:
        pusher.start()
    collected = kill_again_and_again(hub, journal, pushers)

    assert collected > 0
    assert [trouble for pusher in pushers for trouble in pusher.trouble] == []
    assert journal.pushes >= PUSHES
    wait_until_alive(hub)
    time.sleep(LEASE_TERM.total_seconds())  # one that was killed holds its lease so long
    hub.manage("collect_garbage", "--grace", str(GRACE_SECONDS))
    lost = [name for name, kept in journal.there.items() if not is_there(hub, name, *kept)]
    risen = [name for name in journal.gone if status_of(hub, name) != 404]
    assert (lost, risen) == ([], [])
    assert "Everything" in hub.manage("check_store")


def wait_until_alive(hub: Hub) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{hub.origin}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"the hub did not come back: {hub.log.read_text()[-2000:]}")


def reader(hub: Hub, repository: str) -> httpx.Client:
    answer = httpx.get(
        f"{hub.origin}/token",
        params={"service": hub.host, "scope": f"repository:{repository}:pull"},
        auth=("alice", hub.tokens["alice"]),
    )
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    return httpx.Client(base_url=hub.origin, headers=headers, timeout=60)


def status_of(hub: Hub, name: str) -> int:
    repository, _, digest = name.partition("@")
    with reader(hub, repository) as client:
        return client.get(f"/v2/{repository}/manifests/{digest}").status_code


def is_there(hub: Hub, name: str, manifest: bytes, blobs: list[bytes]) -> bool:
    """Tell whether manifest and blobs are there, byte for byte."""
    repository, _, digest = name.partition("@")
    with reader(hub, repository) as client:
        if client.get(f"/v2/{repository}/manifests/{digest}").content != manifest:
            return False
        return all(
            client.get(f"/v2/{repository}/blobs/{digest_of(blob)}").content == blob
            for blob in blobs
        )
