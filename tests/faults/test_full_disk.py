"""
A disk that fills up: nothing acknowledged is lost, and all goes on once there is room.

A limit on the size of files stands for the disk: writes fail half-way, as on a full one.
"""

from __future__ import annotations

import resource
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.loading import processes
from tests import filters
from tests.faults.test_limits import begin
from tests.live import Hub, unique
from tests.registry.driving import sha256

FULL = 1_500_000
LARGE = 2_500_000
FILES = resource.RLIMIT_FSIZE


@contextmanager
def full_disk(hub: Hub) -> Iterator[None]:
    """Let no file of the hub grow beyond a size that its database has not got to."""
    limits = {pid: resource.prlimit(pid, FILES) for pid in processes(hub.process.pid)}
    for pid, (_, most) in limits.items():
        resource.prlimit(pid, FILES, (FULL, most))
    try:
        yield
    finally:
        for pid, before in limits.items():
            resource.prlimit(pid, FILES, before)


def staged(hub: Hub) -> int:
    """Return how many bytes of uploads lie about."""
    uploads = Path(hub.environment["HUB_DATA_DIR"]) / "blobs" / "uploads"
    return sum(file.stat().st_size for file in uploads.iterdir())


def test_a_blob_is_refused_with_the_reason_and_taken_once_there_is_room(small_hub: Hub) -> None:
    path = f"alice/{unique()}"
    small, large = secrets.token_bytes(1000), secrets.token_bytes(LARGE)
    with small_hub.client() as client:
        first = client.put(
            f"{begin(small_hub, client, path)}?digest={sha256(small)}", content=small
        )
        location = begin(small_hub, client, path)
        with full_disk(small_hub):
            refused = client.put(f"{location}?digest={sha256(large)}", content=large)
            left = staged(small_hub)
            who = ("alice", small_hub.tokens["alice"])
            token = client.get("/token", params={"service": small_hub.host}, auth=who)
            still = client.get(f"/v2/{path}/blobs/{sha256(small)}")
        again = client.put(f"{location}?digest={sha256(large)}", content=large)
        pulled = client.get(f"/v2/{path}/blobs/{sha256(large)}")

    assert first.status_code == 201
    assert refused.status_code == 507
    assert "disk is full" in refused.json()["errors"][0]["message"]
    assert left <= FULL
    assert token.status_code == 200
    assert still.content == small
    assert again.status_code == 201, again.text
    assert pulled.content == large


def test_a_module_is_refused_with_the_reason_and_taken_once_there_is_room(small_hub: Hub) -> None:
    path = f"alice/{unique()}"
    module = filters.hello()
    padded = filters.with_custom_section(module, "pad", secrets.token_bytes(LARGE))
    with full_disk(small_hub):
        refused = small_hub.upload(path, "1.0.0", padded)
        seen = small_hub.api("GET", f"/extensions/{path}/releases/1.0.0", who="alice")
        left = staged(small_hub)

    again = small_hub.upload(path, "1.0.0", padded)

    assert refused.status_code == 507, small_hub.log.read_text()[-3000:]
    assert "disk is full" in refused.json()["detail"]
    assert seen.status_code == 404
    assert left == 0
    assert again.status_code == 202
    assert small_hub.wait_for_verdict(path, "1.0.0")["verdict"] == "passed"
