"""Real backing registries for the tests: Debian's docker-registry, and distribution."""

from __future__ import annotations

import atexit
import json
import os
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.oci_clients import CACHE
from tests.servers import free_port, stop, wait_for_port

# The user "hub" with the password "the hub's own", hashed by bcrypt at its cheapest.
USERNAME, PASSWORD = "hub", "the hub's own"
HTPASSWD = "hub:$2b$04$GI84kR9Pat2vSTcYcdNYP.etMCk1USRP2KReCVd/LxkVn6cALusOa"

PROGRAMS = {
    "docker-registry": ("docker-registry", None, "sudo apt-get install docker-registry"),
    "distribution": (
        "registry",
        str(CACHE / "distribution"),
        "scripts/install-distribution ~/.cache/wasmhub",
    ),
}


def program_of(kind: str) -> str:
    """Return the registry's path; without it skip and say how to get it, or fail under CI."""
    name, path, how = PROGRAMS[kind]
    found = shutil.which(name, path=path)
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(f"{kind} is missing under CI: {how}")
    if found is None:
        pytest.skip(f"{kind} is not installed: {how}")
    return found


class BackingRegistry:
    """A registry in a folder of its own; it may be stopped and started again on its port."""

    def __init__(
        self,
        kind: str,
        folder: Path,
        *,
        deletes: bool = True,
        users: bool = False,
        noting: bool = False,
    ) -> None:
        self._program = program_of(kind)
        self.data = folder / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        settings: dict[str, Any] = {
            "version": "0.1",
            "log": {"level": "error", "accesslog": {"disabled": not noting}},
            "storage": {
                "filesystem": {"rootdirectory": str(self.data)},
                "delete": {"enabled": deletes},
                "cache": {"blobdescriptor": "inmemory"},
            },
            "http": {"addr": f"127.0.0.1:{self.port}"},
        }
        if users:
            (folder / "users").write_text(HTPASSWD)
            settings["auth"] = {"htpasswd": {"realm": "backing", "path": str(folder / "users")}}
        self._log = folder / "log"
        self._config = folder / "config.yml"
        self._config.write_text(json.dumps(settings))  # JSON is YAML
        atexit.register(self.stop)  # also when a test fails before it does
        self.start()

    def start(self) -> None:
        command = [self._program, "serve", str(self._config)]
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for_port(self.port, self._server)

    @property
    def pid(self) -> int:
        return self._server.pid

    def stop(self) -> None:
        stop(self._server)

    def reads(self, sha256: str) -> int:
        """Count how often a blob was read, of a registry that is ``noting`` its requests."""
        return self._log.read_text().count(f'/blobs/sha256:{sha256} HTTP/1.1" 200')

    def repository(self) -> str:
        """Return the address of a repository that nothing is in."""
        return f"{self.url}/tests/{secrets.token_hex(8)}"

    def file_of(self, sha256: str) -> Path:
        """Return where the registry keeps the bytes of a digest."""
        return self.data / f"docker/registry/v2/blobs/sha256/{sha256[:2]}/{sha256}/data"
