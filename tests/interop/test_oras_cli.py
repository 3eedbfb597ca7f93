"""The unmodified command line of oras pushes, attaches, discovers, pulls and copies."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests import filters
from tests.live import Hub, unique
from tests.oci_clients import oras

pytestmark = pytest.mark.slow

# The form of the 2020 hub, which Istio and Envoy Gateway load from any registry.
CONFIG = "application/vnd.module.wasm.config.v1+json"
CONTENT = "application/vnd.module.wasm.content.layer.v1+wasm"
SPDX = "application/spdx+json"


@pytest.fixture
def alice(hub: Hub, tmp_path: Path) -> Path:
    """Return a home where alice is signed in."""
    return home_of(hub, "alice", tmp_path)


def home_of(hub: Hub, who: str | None, folder: Path) -> Path:
    """Make a home and sign somebody in there, or nobody."""
    home = folder / (who or "nobody")
    home.mkdir()
    if who:
        run("login", "-u", who, "-p", hub.tokens[who], hub.host, home=home)
    return home


def run(*arguments: str, home: Path) -> str:
    """Run a command that has to work and return its output."""
    done = oras(*arguments, "--plain-http", home=home)
    assert done.returncode == 0, done.stderr
    return done.stdout


def push(hub: Hub, path: str, home: Path) -> str:
    """Push a module as an artifact, with an SBOM attached, and return its reference."""
    image = f"{hub.host}/{path}:1.0.0"
    (home / "filter.wasm").write_bytes(filters.hello())
    (home / "config.json").write_text('{"type": "envoy_proxy", "abiVersions": ["v0.2.1"]}')
    (home / "sbom.json").write_text('{"spdxVersion": "SPDX-2.3"}')
    files = (f"config.json:{CONFIG}", f"filter.wasm:{CONTENT}")
    run("push", "--artifact-type", CONFIG, image, *files, home=home)
    run("attach", "--artifact-type", SPDX, image, f"sbom.json:{SPDX}", home=home)
    return image


def referrers(image: str, home: Path) -> list[dict[str, Any]]:
    """Return what oras says refers to the image."""
    found = json.loads(run("discover", "--format", "json", image, home=home))
    return list(found["referrers"])


def same_file(name: str, one: Path, other: Path) -> bool:
    return (one / name).read_bytes() == (other / name).read_bytes()


def test_anybody_discovers_and_pulls_what_is_public(hub: Hub, alice: Path, tmp_path: Path) -> None:
    nobody, path = home_of(hub, None, tmp_path), f"alice/{unique()}"
    image = push(hub, path, alice)
    release = hub.wait_for_verdict(path, "1.0.0")

    private = oras("discover", "--plain-http", image, home=nobody)
    hub.api("PATCH", f"/extensions/{path}", who="alice", json={"visibility": "public"})
    (sbom,) = referrers(image, nobody)
    for reference in (image, sbom["reference"]):
        run("pull", reference, home=nobody)

    assert release["verdict"] == "passed"
    module = hashlib.sha256((alice / "filter.wasm").read_bytes())
    assert release["module_sha256"] == module.hexdigest()
    assert private.returncode
    assert "401" in private.stderr
    assert sbom["artifactType"] == SPDX
    assert all(same_file(each, alice, nobody) for each in ("filter.wasm", "sbom.json"))


def test_a_copy_takes_along_what_was_attached(hub: Hub, alice: Path) -> None:
    source, path = push(hub, f"alice/{unique()}", alice), f"alice/{unique()}"
    target = f"{hub.host}/{path}:1.0.0"
    plain = ("--from-plain-http", "--to-plain-http")

    copied = oras("cp", "--recursive", *plain, source, target, home=alice)
    release = hub.wait_for_verdict(path, "1.0.0")
    (before,), (after,) = referrers(source, alice), referrers(target, alice)

    assert copied.returncode == 0, copied.stderr
    assert release["verdict"] == "passed"
    assert after["digest"] == before["digest"]
    assert run("repo", "tags", target.rpartition(":")[0], home=alice).split() == ["1.0.0"]


def test_a_stranger_learns_and_changes_nothing(hub: Hub, alice: Path, tmp_path: Path) -> None:
    path, absent = f"alice/{unique()}", f"alice/{unique()}"
    image = push(hub, path, alice)
    mallory = home_of(hub, "mallory", tmp_path)
    (mallory / "sbom.json").write_text("{}")

    for command in (("discover",), ("pull",), ("attach", "sbom.json", "--artifact-type", SPDX)):
        refused, missing = (
            oras(*command[:1], each, *command[1:], "--plain-http", home=mallory)
            for each in (image, image.replace(path, absent))
        )
        assert refused.returncode == missing.returncode != 0
        assert "not found" in refused.stderr
        assert refused.stderr.replace(path, absent) == missing.stderr
    assert len(referrers(image, alice)) == 1
