"""Unmodified OCI clients."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from wasmhub.oci import pack, write_oci_layout

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "wasmhub"


def need(program: str, how: str) -> str:
    """Return the program's path; without it skip and say how to get it, or fail under CI."""
    found = shutil.which(program) or shutil.which(program, path=str(CACHE / program))
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{program} is missing under CI: {how}")
        pytest.skip(f"{program} is not installed: {how}")
    return found


def skopeo(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Debian's skopeo."""
    program = need("skopeo", "sudo apt-get install skopeo")
    command = [program, "--insecure-policy", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def crane(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run crane with its configuration in ``home``."""
    program = need("crane", "scripts/install-crane ~/.cache/wasmhub")
    return _at_home(home, program, *arguments)


def oras(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line of oras with its configuration in ``home``."""
    program = need("oras", "scripts/install-oras ~/.cache/wasmhub")
    return _at_home(home, program, *arguments)


def cosign(*arguments: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run cosign with its configuration in ``home``; its keys have an empty password."""
    program = need("cosign", "scripts/install-cosign ~/.cache/wasmhub")
    return _at_home(home, program, *arguments, COSIGN_PASSWORD="", **more)


def podman(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run Debian's podman with its images and its configuration in ``home``, a short path."""
    program = need("podman", "sudo apt-get install podman uidmap")
    folders = ("--root", f"{home}/images", "--runroot", f"{home}/run", "--tmpdir", f"{home}/tmp")
    # What works in a container too: no overlay mounts, no journal.
    plain = ("--storage-driver", "vfs", "--events-backend", "none")
    return _at_home(home, program, *folders, *plain, *arguments, XDG_RUNTIME_DIR=str(home))


def _at_home(home: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in ``home``; it sees nothing of the tests' environment and configuration."""
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], **more}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, cwd=home
    )


def layout(folder: Path, module: bytes, **annotations: str) -> Path:
    """Write an OCI layout with the module in the canonical image, tagged ``it``."""
    full = {f"org.opencontainers.image.{key}": value for key, value in annotations.items()}
    target = folder / "layout"
    write_oci_layout(pack(module, annotations=full), target, "it")
    return target
