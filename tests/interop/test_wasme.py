"""
An unmodified ``wasme`` 0.0.33, the command line of the hub of 2020, works with this one.

No package registry carries it, so without it these tests skip, under CI as well: there
tests/doors/test_wasme_replay.py sends what it sends.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import filters
from tests.live import Hub, start_hub, unique
from tests.oci_clients import CACHE
from tests.servers import free_port
from tests.tls import HOST, tls_in_front_of

WASME = shutil.which("wasme") or shutil.which("wasme", path=str(CACHE / "wasme"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        WASME is None, reason="wasme v0.0.33 is not on the PATH; its requests are replayed instead"
    ),
]


@dataclass(frozen=True, slots=True)
class Wasme:
    """
    Runs wasme in a home of its own, against a hub behind TLS: it lists by https only.

    It was built to check no certificate, so it need not be told whom to trust.
    """

    hub: Hub
    registry: str
    home: Path

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "WASM_IMAGE_REGISTRY": self.registry,
        }
        return subprocess.run(
            [str(WASME), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def login(self, who: str, password: str) -> subprocess.CompletedProcess[str]:
        return self("login", "-u", who, "-p", password)

    def listed(self, *arguments: str) -> list[list[str]]:
        """Return the rows that ``wasme list`` prints: name, tag, size and the rest."""
        done = self("list", *arguments)
        assert done.returncode == 0, done.stderr
        heading, *rows = [line.split() for line in done.stdout.splitlines()]
        assert heading == ["NAME", "TAG", "SIZE", "SHA", "UPDATED"]
        return rows

    def build(self, path: str, tag: str, module: bytes) -> str:
        """Put a module into wasme's own store and return the name of the image."""
        file, config = self.home / "filter.wasm", self.home / "runtime-config.json"
        file.write_bytes(module)
        config.write_text(
            json.dumps(
                {"type": "envoy_proxy", "abiVersions": ["v0.2.1"], "config": {"rootIds": ["a"]}}
            )
        )
        image = f"{self.registry}/{path}:{tag}"
        done = self("build", "precompiled", str(file), "--config", str(config), "-t", image)
        assert done.returncode == 0, done.stderr
        return image

    def forget(self) -> None:
        """Take away what wasme keeps: credentials and images."""
        shutil.rmtree(self.home / ".wasme", ignore_errors=True)


@pytest.fixture(scope="module")
def behind_tls() -> Iterator[tuple[Hub, str]]:
    """Run a hub whose public origin is https; return it and the name of its registry."""
    folder = Path(tempfile.mkdtemp(prefix="wasmhub-wasme-"))
    registry = f"{HOST}:{free_port()}"
    origin = f"https://{registry}"
    running = start_hub(folder, dict(os.environ) | {"HUB_PUBLIC_ORIGIN": origin})
    with tls_in_front_of(running.port, origin, folder):
        yield running, registry
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def wasme(behind_tls: tuple[Hub, str], tmp_path: Path) -> Wasme:
    return Wasme(*behind_tls, tmp_path)


def test_it_logs_in_with_an_access_token_only(wasme: Wasme) -> None:
    wrong = wasme.login("alice", "whub_wrong")
    others = wasme.login("bob", wasme.hub.tokens["alice"])
    right = wasme.login("alice", wasme.hub.tokens["alice"])

    assert "401" in wrong.stderr
    assert "401" in others.stderr
    assert right.returncode == 0, right.stderr
    assert "Successfully logged in as alice (alice)" in right.stderr


def test_it_pushes_lists_finds_and_pulls(wasme: Wasme) -> None:
    name, module = unique("wasme"), filters.hello()
    path = f"alice/{name}"
    image = wasme.build(path, "1.0.0", module)

    wasme.login("alice", wasme.hub.tokens["alice"])
    pushed = wasme("push", image)
    release = wasme.hub.wait_for_verdict(path, "1.0.0")
    before = wasme.listed("--published")
    wasme.hub.api("PATCH", f"/extensions/{path}", who="alice", json={"visibility": "public"})
    wasme.hub.wait_until_found(name, path)
    after = wasme.listed("--published")
    found = wasme.listed("--search", name)

    assert pushed.returncode == 0, pushed.stderr
    assert release["verdict"] == "passed"
    assert f"Digest: {release['digest']}" in pushed.stderr
    assert f"{wasme.registry}/{path}" not in [row[0] for row in before]
    row = next(row for row in after if row[0] == f"{wasme.registry}/{path}")
    assert row[1:5] == ["1.0.0", str(len(module)), "B", release["digest"][7:15]]
    assert found == [row]

    wasme.forget()
    pulled = wasme("pull", image)
    latest = wasme("pull", image.removesuffix(":1.0.0"))

    assert pulled.returncode == 0, pulled.stderr
    assert latest.returncode == 0, latest.stderr
    assert f"Digest: sha256:{release['module_sha256']}" in pulled.stderr
    kept = list((wasme.home / ".wasme/store").glob("*/filter.wasm"))
    assert [file.read_bytes() for file in kept] == [module, module]


def test_it_pulls_what_is_private_after_a_login(wasme: Wasme) -> None:
    path = f"alice/{unique('wasme')}"
    image = wasme.build(path, "1.0.0", filters.hello())
    wasme.login("alice", wasme.hub.tokens["alice"])
    wasme("push", image)
    wasme.hub.wait_for_verdict(path, "1.0.0")

    wasme.forget()
    anonymous = wasme("pull", image)
    wasme.login("mallory", wasme.hub.tokens["mallory"])
    outsider = wasme("pull", image)
    wasme.login("alice", wasme.hub.tokens["alice"])
    owner = wasme("pull", image)

    assert anonymous.returncode != 0
    assert outsider.returncode != 0
    assert owner.returncode == 0, owner.stderr


def test_it_is_told_no_when_it_pushes_elsewhere(wasme: Wasme) -> None:
    path = f"acme/{unique('wasme')}"
    image = wasme.build(path, "1.0.0", filters.hello())

    wasme.login("mallory", wasme.hub.tokens["mallory"])
    refused = wasme("push", image)

    assert refused.returncode != 0
    assert wasme.hub.api("GET", f"/extensions/{path}", who="alice").status_code == 404


def test_it_pulls_an_image_of_its_form_only(wasme: Wasme) -> None:
    """Uploads become the canonical image, which the tool of 2020 lists and says it cannot read."""
    path = f"alice/{unique('canonical')}"
    wasme.hub.upload(path, "1.0.0", filters.hello(), visibility="public")
    wasme.hub.wait_for_verdict(path, "1.0.0")

    listed = wasme.listed("--published")
    pulled = wasme("pull", f"{wasme.registry}/{path}:1.0.0")

    assert f"{wasme.registry}/{path}" in [row[0] for row in listed]
    assert pulled.returncode != 0
    assert "application/vnd.module.wasm.content.layer.v1+wasm not found" in pulled.stderr
