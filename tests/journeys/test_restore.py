"""
A backup that is taken while people push, restored elsewhere, has all that was acknowledged before.

The commands are those of docs/backup.md.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests import filters
from tests.live import ROOT, Hub, new_database, serve_hub, start_hub, unique
from tests.setups import SETUP
from wasmhub.oci import PackedImage, pack
from wasmhub.oci.media import OCI_MANIFEST

pytestmark = pytest.mark.slow

SECTION = "SQLite and files" if SETUP == "embedded" else "PostgreSQL"
BEFORE, MEANWHILE = 8, 8


def commands(section: str) -> list[str]:
    """Return the blocks of shell commands below a heading of docs/backup.md."""
    text = (ROOT / "docs/backup.md").read_text()
    body = re.split(r"^## ", text, flags=re.MULTILINE)
    (found,) = (part for part in body if part.startswith(f"{section}\n"))
    return re.findall(r"```sh\n(.*?)```", found, re.DOTALL)


@dataclass(slots=True)
class Pusher:
    """Pushes releases by the OCI protocol, and knows what was acknowledged."""

    hub: Hub
    acknowledged: dict[str, PackedImage] = field(default_factory=dict)

    def push(self) -> str:
        """Push a release of a new public extension and return its path once it is accepted."""
        path, image = f"alice/{unique('kept')}", pack(filters.hello())
        with registry_client(self.hub, path) as client:
            for blob in (image.config, image.layer):
                begun = client.post(f"/v2/{path}/blobs/uploads/", content=b"")
                done = client.put(
                    begun.headers["location"],
                    params={"digest": str(blob.digest)},
                    content=blob.data,
                )
                assert done.status_code == 201, done.text
            accepted = client.put(
                f"/v2/{path}/manifests/1.0.0",
                content=image.manifest,
                headers={"Content-Type": OCI_MANIFEST},
            )
        assert accepted.status_code == 201, accepted.text
        self.acknowledged[path] = image
        return path


def registry_client(hub: Hub, path: str, who: str = "alice") -> httpx.Client:
    """Return a client with a token for a repository."""
    scope = {"scope": f"repository:{path}:pull,push"}
    answer = httpx.get(f"{hub.origin}/token", params=scope, auth=(who, hub.tokens[who]))
    client = hub.client()
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return client


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="wasmhub restore "))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def desk(folder: Path, name: str, data: Path) -> Path:
    """Make a folder that looks like the checkout of a machine whose data folder is this one."""
    place = folder / name
    place.mkdir()
    (place / "var").symlink_to(data)
    for each in (".venv", "manage.py"):
        (place / each).symlink_to(ROOT / each)
    return place


def run(script: str, place: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def back_up_while_pushing(pusher: Pusher, place: Path) -> None:
    """Run the backup between two pushes of somebody who does not stop."""
    stopped, started = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def push_on() -> None:
        try:
            while not stopped.is_set():
                pusher.push()
                started.set()
        except BaseException as error:  # noqa: BLE001 - it is raised below
            failures.append(error)
            started.set()

    thread = threading.Thread(target=push_on)
    thread.start()
    try:
        assert started.wait(60)
        run(commands(SECTION)[0], place, pusher.hub.environment)
        after = len(pusher.acknowledged)
        while len(pusher.acknowledged) < after + MEANWHILE and thread.is_alive():
            thread.join(0.05)
    finally:
        stopped.set()
        thread.join()
    assert failures == []


def restored_environment(hub: Hub, data: Path) -> dict[str, str]:
    """Return the settings of a hub with another data folder and an empty database."""
    environment = hub.environment | {"HUB_DATA_DIR": str(data)}
    if SETUP == "grown":
        environment["HUB_DATABASE_URL"] = new_database(environment["HUB_DATABASE_URL"])
    return environment


def test_every_release_from_before_the_backup_is_there_after_a_restore(folder: Path) -> None:
    (folder / "first").mkdir()
    (folder / "second").mkdir()
    settings = dict(os.environ)
    if SETUP == "embedded":
        # The hub makes its key, and only the backup can bring it to the second one.
        settings.pop("HUB_SECRET_KEY")
    first = start_hub(folder / "first", settings)
    try:
        pusher = Pusher(first)
        public = pusher.push()
        first.wait_for_verdict(public, "1.0.0")
        first.api("PATCH", f"/extensions/{public}", who="alice", json={"visibility": "public"})
        for _ in range(BEFORE - 1):
            pusher.push()
        before = dict(pusher.acknowledged)
        place = desk(folder, "first desk", Path(first.environment["HUB_DATA_DIR"]))
        back_up_while_pushing(pusher, place)
    finally:
        first.stop()
    data = folder / "second/data"
    data.mkdir()
    environment = restored_environment(first, data)
    new_place = desk(folder, "second desk", data)
    (new_place / "backup").symlink_to(place / "backup")

    run(commands(SECTION)[1], new_place, environment)
    run(commands("After a restore")[0], new_place, environment)
    second = serve_hub(folder / "second/hub.log", environment)
    try:
        second.tokens |= first.tokens
        for path, image in before.items():
            release = second.wait_for_verdict(path, "1.0.0")
            assert release["verdict"] == "passed"
            assert pulled(second, path) == [image.manifest, image.config.data, image.layer.data]
        sha256 = second.wait_for_verdict(public, "1.0.0")["module_sha256"]
        raw = httpx.get(f"{second.origin}/download/{public}/{sha256}.wasm")
        assert hashlib.sha256(raw.content).hexdigest() == sha256
        second.wait_until_found(public.partition("/")[2], public)
        # What was pushed meanwhile is there as a whole or not at all.
        for path, image in pusher.acknowledged.items():
            if second.api("GET", f"/extensions/{path}", who="alice").status_code != 404:
                assert pulled(second, path) == [image.manifest, image.config.data, image.layer.data]
        # And it goes on from there.
        new = Pusher(second).push()
        second.wait_for_verdict(new, "1.0.0")
        second.wait_until_found(new.partition("/")[2], new, who="alice")
    finally:
        second.stop()


def pulled(hub: Hub, path: str) -> list[bytes]:
    """Pull a release; return its manifest, config and layer."""
    with registry_client(hub, path) as client:
        manifest = client.get(f"/v2/{path}/manifests/1.0.0")
        parts = [manifest.json()["config"], *manifest.json()["layers"]]
        blobs = [client.get(f"/v2/{path}/blobs/{part['digest']}") for part in parts]
    return [manifest.content, *(blob.content for blob in blobs)]
