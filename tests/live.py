"""A running hub: the real commands, the real worker, the real server."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import redis

from tests.servers import free_port, stop, wait_for_port

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery staple"
VERDICT_SECONDS = 45
# Each of the run's processes has the database of its number.
WORKERS = 16


@dataclass(slots=True)
class Hub:
    """Doors of a running hub, and people with access tokens."""

    origin: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    log: Path
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return self.origin.removeprefix("http://")

    @property
    def port(self) -> int:
        return int(self.origin.rpartition(":")[2])

    def stop(self) -> None:
        stop(self.process)

    def manage(self, *arguments: str) -> str:
        """Run one of the site's commands against this hub's data."""
        return run_command(self.environment, *arguments)

    def client(self, who: str | None = None) -> httpx.Client:
        """Return an HTTP client with somebody's access token, or without any."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        return httpx.Client(base_url=self.origin, headers=headers, timeout=30)

    def api(self, method: str, path: str, *, who: str | None = None, **more: Any) -> httpx.Response:
        """Send one request to the REST API."""
        with self.client(who) as client:
            return client.request(method, f"/api/v1{path}", **more)

    def upload(
        self,
        path: str,
        version: str,
        module: bytes,
        *,
        who: str = "alice",
        visibility: str = "private",
        description: str = "",
    ) -> httpx.Response:
        """Publish a release by REST."""
        return self.api(
            "POST",
            f"/extensions/{path}/releases",
            who=who,
            files={"module": ("filter.wasm", module, "application/wasm")},
            data={"version": version, "visibility": visibility, "description": description},
        )

    def wait_for_verdict(self, path: str, version: str, *, who: str = "alice") -> dict[str, Any]:
        """Wait until a worker has judged the release and return it."""
        deadline = time.monotonic() + VERDICT_SECONDS
        while time.monotonic() < deadline:
            answer = self.api("GET", f"/extensions/{path}/releases/{version}", who=who)
            if answer.status_code == 200 and answer.json()["verdict"] != "pending":
                return dict(answer.json())
            time.sleep(0.1)
        raise AssertionError(f"no verdict on {path} {version}: {self.log.read_text()[-3000:]}")

    def wait_until_found(self, query: str, path: str, *, who: str | None = None) -> None:
        """Wait until a search shows the extension."""
        deadline = time.monotonic() + VERDICT_SECONDS
        while time.monotonic() < deadline:
            answer = self.api("GET", "/search", who=who, params={"q": query})
            if path in [each["path"] for each in answer.json()["results"]]:
                return
            time.sleep(0.1)
        raise AssertionError(f"{path} is not found by {query!r}")


def run_command(environment: dict[str, str], *arguments: str) -> str:
    """Run one of the site's commands and return what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise AssertionError(f"manage.py {arguments[0]} failed: {done.stderr[-2000:]}")
    return done.stdout.strip()


def start_hub(
    folder: Path, environment: dict[str, str], *, demo: bool = False, people: bool = True
) -> Hub:
    """Prepare a hub in the folder and start it, with alice, bob and mallory or the demo people."""
    environment = environment | {"HUB_DATA_DIR": str(folder / "data")}
    if environment.get("HUB_DATABASE_URL"):
        environment["HUB_DATABASE_URL"] = new_database(environment["HUB_DATABASE_URL"])
        environment["HUB_REDIS_URL"] = _own_number(environment["HUB_REDIS_URL"])
    hub = serve_hub(folder / "hub.log", environment, "--demo" if demo else "--prepare")
    try:
        if people:
            let_in(hub)
    except BaseException:
        hub.stop()
        raise
    return hub


def serve_hub(log: Path, environment: dict[str, str], *flags: str) -> Hub:
    """Start a hub with these settings and wait until it answers."""
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port), *flags],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    hub = Hub(f"http://127.0.0.1:{port}", environment, process, log)
    try:
        wait_until_alive(hub)
    except BaseException:
        hub.stop()
        raise
    return hub


def wait_until_alive(hub: Hub) -> None:
    """Wait for the first answer: the port is taken before anybody answers on it."""
    wait_for_port(hub.port, hub.process)
    deadline = time.monotonic() + VERDICT_SECONDS
    while time.monotonic() < deadline and hub.process.poll() is None:
        try:
            if httpx.get(f"{hub.origin}/livez", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError(f"the hub does not answer: {hub.log.read_text()[-3000:]}")


def let_in(hub: Hub) -> None:
    """Make the people in one process: starting Django is what takes time."""
    script = (ROOT / "tests" / "let_in.py").read_text()
    environment = hub.environment | {"TEST_PASSWORD": PASSWORD}
    hub.tokens |= json.loads(run_command(environment, "shell", "--no-imports", "-c", script))


def new_database(url: str) -> str:
    """Make a database of its own on the test run's server."""
    name = f"live_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return url.rpartition("/")[0] + f"/{name}"


def _own_number(url: str) -> str:
    """
    Return a database of Redis that no other hub and no test has.

    A worker that takes another hub's message drops it, and the hub sends it again after half a
    minute.
    """
    server_url, _, _ = url.rpartition("/")
    with redis.Redis.from_url(f"{server_url}/0") as server:
        number = WORKERS + int(server.incr("hubs"))
    return f"{server_url}/{number}"


def unique(name: str = "filter") -> str:
    """Return a name that no other test has."""
    return f"{name}-{secrets.token_hex(4)}"
