"""Real servers for the tests, on loopback, stopped at the end of the run."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path

PATIENCE_SECONDS = 30


def free_port() -> int:
    """Return a loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the process listens."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not listen on {port}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the process to end, and make it."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def find_postgres() -> Path | None:
    """Return the folder of PostgreSQL's programs; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    program = shutil.which("initdb")
    return Path(program).parent if program else None


class Postgres:
    """A PostgreSQL server with an empty cluster; ``url`` has no database name."""

    def __init__(self, folder: Path) -> None:
        programs = find_postgres()
        if programs is None:
            raise RuntimeError("PostgreSQL is not installed")
        data = folder / "postgres"
        data.mkdir()
        self._as_user = self._unprivileged(folder, data)
        options = ["--auth=trust", "--username=hub", "--encoding=UTF8", "--no-sync"]
        self._run([str(programs / "initdb"), *options, "-D", str(data)])
        port = free_port()
        settings = {"listen_addresses": "127.0.0.1", "port": port, "fsync": "off"}
        settings |= {"unix_socket_directories": "", "max_connections": 200}
        flags = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self._server = subprocess.Popen(
            [*self._as_user, str(programs / "postgres"), "-D", str(data), *flags],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        atexit.register(stop, self._server)
        wait_for_port(port, self._server)
        self.url = f"postgresql://hub@127.0.0.1:{port}"

    @staticmethod
    def _unprivileged(folder: Path, data: Path) -> list[str]:
        """PostgreSQL refuses to run as root: give its folder to Debian's own user."""
        if os.geteuid() != 0:
            return []
        user = pwd.getpwnam("postgres")
        folder.chmod(0o755)
        os.chown(data, user.pw_uid, user.pw_gid)
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]

    def _run(self, command: list[str]) -> None:
        subprocess.run([*self._as_user, *command], check=True, capture_output=True)


class Redis:
    """A Redis server that keeps nothing; ``url`` has no database number."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self._server = subprocess.Popen(
            [
                *("redis-server", "--bind", "127.0.0.1", "--port", str(port)),
                *("--save", "", "--databases", "1000"),
            ],
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )
        atexit.register(stop, self._server)
        wait_for_port(port, self._server)
        self.url = f"redis://127.0.0.1:{port}"
