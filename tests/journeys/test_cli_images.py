"""The `wasmhub` command reads what podman saves and what a real registry serves."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import filters
from tests.oci_clients import layout, podman, skopeo
from tests.registries import BackingRegistry

pytestmark = [pytest.mark.slow, pytest.mark.single_setup]

PROGRAM = Path(sys.executable).with_name("wasmhub")
MODULE = filters.example("ada/hello", "1.0.0")
SHA256 = hashlib.sha256(MODULE).hexdigest()


def inspect(*arguments: str | Path, stdin: bytes = b"") -> dict[str, Any]:
    done = subprocess.run(
        [PROGRAM, "inspect", "--json", *arguments],
        input=stdin,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Return a home in which podman built an image of two layers with the module."""
    folder = Path(tempfile.mkdtemp(prefix="pod"))
    (folder / "plugin.wasm").write_bytes(MODULE)
    (folder / "Containerfile").write_text("FROM scratch\nCOPY plugin.wasm ./plugin.wasm\n")
    variant = ("--annotation", "module.wasm.image/variant=compat")
    built = podman("build", *variant, "--tag", "it", ".", home=folder)
    assert built.returncode == 0, built.stderr
    yield folder
    podman("system", "migrate", home=folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize(
    ("kind", "letter"),
    [("docker-archive", "B"), ("oci-archive", "A"), ("oci-dir", "A")],
)
def test_what_podman_saves_is_read(home: Path, kind: str, letter: str) -> None:
    target = home / kind

    saved = podman("save", "--format", kind, "--output", str(target), "it", home=home)
    assert saved.returncode == 0, saved.stderr

    document = inspect(target)
    assert document["facts"]["sha256"] == SHA256
    assert document["image"]["letter"] == letter
    if target.is_file():
        assert inspect("-", stdin=target.read_bytes()) == document


def test_a_real_registry_is_read(tmp_path: Path) -> None:
    registry = BackingRegistry("distribution", tmp_path)
    try:
        source = f"oci:{layout(tmp_path / 'source', MODULE)}:it"
        host = registry.url.removeprefix("http://")
        target = f"docker://{host}/deep/er/name:1"
        copied = skopeo("copy", "--dest-tls-verify=false", source, target)
        assert copied.returncode == 0, copied.stderr

        document = inspect(f"oci://{host}/deep/er/name:1")

        assert document["facts"]["sha256"] == SHA256
        pinned = f"oci://{host}/deep/er/name@{document['image']['digest']}"
        assert inspect(pinned) == document
    finally:
        registry.stop()
