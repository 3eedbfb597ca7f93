"""Unmodified podman builds, pushes and pulls; it needs no engine."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import filters
from tests.live import Hub, unique
from tests.oci_clients import layout, podman

pytestmark = pytest.mark.slow

NO_TLS = "--tls-verify=false"


@pytest.fixture
def home() -> Iterator[Path]:
    """Return an empty home; podman refuses a ``--runroot`` of more than 50 characters."""
    folder = Path(tempfile.mkdtemp(prefix="podman-"))
    yield folder
    # Without root, podman leaves a process behind that holds its user namespace.
    podman("system", "migrate", home=folder)
    shutil.rmtree(folder, ignore_errors=True)


def sign_in(hub: Hub, who: str, home: Path) -> None:
    login = podman("login", NO_TLS, "-u", who, "-p", hub.tokens[who], hub.host, home=home)
    assert login.returncode == 0, login.stderr


def push(image: str, target: str, home: Path) -> str:
    """Push a local image and return the digest that podman says it has there."""
    digest = home / "digest"
    pushed = podman("push", NO_TLS, "--digestfile", str(digest), image, target, home=home)
    assert pushed.returncode == 0, pushed.stderr
    return digest.read_text()


def release_on(hub: Hub, path: str) -> str:
    """Publish a private release by REST and return its image."""
    hub.upload(path, "1.0.0", filters.hello())
    assert hub.wait_for_verdict(path, "1.0.0")["verdict"] == "passed"
    return f"{hub.host}/{path}:1.0.0"


def test_it_pushes_and_pulls_the_canonical_image(hub: Hub, home: Path, tmp_path: Path) -> None:
    path, module = f"alice/{unique()}", filters.hello()
    source = layout(tmp_path, module)
    image = f"{hub.host}/{path}:1.0.0"
    sign_in(hub, "alice", home)

    loaded = podman("pull", "--quiet", f"oci:{source}:it", home=home)
    digest = push(loaded.stdout.strip(), image, home)
    release = hub.wait_for_verdict(path, "1.0.0")
    emptied = podman("rmi", "--all", "--force", home=home)
    pulled = podman("pull", NO_TLS, "--quiet", image, home=home)

    assert (release["verdict"], release["digest"]) == ("passed", digest)
    assert release["module_sha256"] == hashlib.sha256(module).hexdigest()
    assert emptied.returncode == 0, emptied.stderr
    assert pulled.returncode == 0, pulled.stderr
    assert pulled.stdout == loaded.stdout  # the image's id: the digest of its configuration


@pytest.mark.parametrize("form", ["oci", "docker"])
def test_it_builds_and_pushes_what_proxies_load(
    hub: Hub, home: Path, tmp_path: Path, form: str
) -> None:
    path, module = f"alice/{unique()}", filters.hello()
    image = f"{hub.host}/{path}:1.0.0"
    sign_in(hub, "alice", home)
    (tmp_path / "plugin.wasm").write_bytes(module)
    (tmp_path / "Containerfile").write_text("FROM scratch\nCOPY plugin.wasm ./plugin.wasm\n")

    built = podman("build", "--format", form, "--tag", image, str(tmp_path), home=home)
    digest = push(image, image, home)
    release = hub.wait_for_verdict(path, "1.0.0")
    findings = hub.api("GET", f"/extensions/{path}/releases/1.0.0/findings", who="alice")

    assert built.returncode == 0, built.stderr
    assert (release["verdict"], release["digest"]) == ("passed", digest), findings.text
    assert release["module_sha256"] == hashlib.sha256(module).hexdigest()


def test_it_is_refused_with_a_wrong_secret(hub: Hub, home: Path) -> None:
    wrong = podman("login", NO_TLS, "-u", "alice", "-p", "whub_wrong", hub.host, home=home)

    assert wrong.returncode
    assert "invalid username/password" in wrong.stderr


def test_a_stranger_learns_nothing_of_what_is_private(hub: Hub, home: Path) -> None:
    path, absent = f"alice/{unique()}", f"alice/{unique()}"
    image = release_on(hub, path)
    sign_in(hub, "mallory", home)

    refused = podman("pull", NO_TLS, image, home=home)
    missing = podman("pull", NO_TLS, image.replace(path, absent), home=home)

    assert refused.returncode == missing.returncode != 0
    assert "name unknown" in refused.stderr
    assert refused.stderr.replace(path, absent) == missing.stderr


def test_anybody_pulls_what_is_public(hub: Hub, home: Path) -> None:
    path = f"alice/{unique()}"
    image = release_on(hub, path)

    before = podman("pull", NO_TLS, image, home=home)
    hub.api("PATCH", f"/extensions/{path}", who="alice", json={"visibility": "public"})
    after = podman("pull", NO_TLS, image, home=home)
    listed = podman("images", "--format", "json", home=home)

    assert before.returncode
    assert "unauthorized" in before.stderr
    assert after.returncode == 0, after.stderr
    assert [each["Names"] for each in json.loads(listed.stdout)] == [[image]]
