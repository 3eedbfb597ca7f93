"""What the Containerfile makes runs: by itself, and with the settings of compose.yaml."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests import filters
from tests.containerfile import Stage, build
from tests.deploy.reading import ORIGIN, ROOT, read_composition
from tests.deploy.running import check_health, running_image
from tests.live import unique
from tests.oci_clients import need
from tests.registries import program_of
from tests.servers import Postgres, Redis, find_postgres, free_port, stop, wait_for_port

pytestmark = [pytest.mark.single_setup, pytest.mark.slow]


@pytest.fixture(scope="module")
def image() -> Iterator[Stage]:
    """Follow deploy/Containerfile; that downloads and installs the hub's packages."""
    folder = Path(tempfile.mkdtemp(prefix="wasmhub-image-"))
    yield build(ROOT / "deploy/Containerfile", ROOT, folder)
    shutil.rmtree(folder)


def files_of(image: Stage) -> dict[str, int]:
    """Return every file that is not data, with its time of change."""
    data = image.path("/data")
    files = [each for each in image.root.rglob("*") if each.is_file() and data not in each.parents]
    return {str(each): each.stat().st_mtime_ns for each in files}


def test_what_it_makes_is_a_whole_hub_that_writes_below_its_volume_only(image: Stage) -> None:
    before = files_of(image)
    name = unique()

    with running_image(image, {}) as hub:
        port = hub.port
        check_health(image, port)
        hub.upload(f"alice/{name}", "1.0.0", filters.hello(), visibility="public")
        release = hub.wait_for_verdict(f"alice/{name}", "1.0.0")
        pages = [httpx.get(f"{hub.origin}{path}").status_code for path in ("/", "/docs/run")]
    with pytest.raises(subprocess.CalledProcessError):
        check_health(image, port)

    assert hub.process.returncode == 0
    assert release["verdict"] == "passed"
    assert pages == [200, 200]
    assert image.volumes == ["/data"]
    assert (image.path("/data") / "hub.sqlite3").exists()
    assert files_of(image) == before


@dataclass(frozen=True, slots=True)
class Running:
    """Where on this machine the services are."""

    secrets: Path
    ports: dict[str, int]

    def here(self, value: str) -> str:
        """Turn a service's address, or a secret's path, into one on this machine."""
        value = value.replace("/run/secrets", str(self.secrets))
        for name, port in self.ports.items():
            value = re.sub(rf"(?<=[/@]){name}:\d+", f"127.0.0.1:{port}", value)
        return value


@contextmanager
def services_running(composition: dict[str, Any], folder: Path) -> Iterator[Running]:
    """Run what the hub depends on."""
    secrets = folder / "secrets"
    subprocess.run([ROOT / "deploy/make-secrets", secrets], check=True, capture_output=True)
    database, redis = Postgres(folder), Redis(folder)
    with psycopg.connect(f"{database.url}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE hub")
    urls = {"database": database.url, "redis": redis.url}
    ports = {name: urlsplit(url).port or 0 for name, url in urls.items()}
    running = Running(secrets, ports | {"registry": free_port()})
    secrets.joinpath("database_url").write_text(
        running.here(secrets.joinpath("database_url").read_text())
    )
    with _registry(composition["services"]["registry"], folder, running):
        yield running


@contextmanager
def _registry(service: dict[str, Any], folder: Path, running: Running) -> Iterator[None]:
    port, config = running.ports["registry"], folder / "registry.yml"
    # What the image's own file says, as far as the environment does not.
    config.write_text("version: 0.1\nstorage: {filesystem: {}}\nhttp: {addr: ':5000'}\n")
    environment = {name: running.here(value) for name, value in service["environment"].items()}
    environment["REGISTRY_HTTP_ADDR"] = f"127.0.0.1:{port}"
    environment["REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY"] = str(folder / "registry")
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen(
            [program_of("distribution"), "serve", str(config)],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for_port(port, process)
        yield
    finally:
        stop(process)


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="wasmhub-compose-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_with_the_settings_and_secrets_of_the_composition_it_works(
    image: Stage, folder: Path
) -> None:
    need("redis-server", "sudo apt-get install redis-server")
    need("htpasswd", "sudo apt-get install apache2-utils")
    if find_postgres() is None:
        need("initdb", "sudo apt-get install postgresql")
    name, module = unique(), filters.hello()
    composition = read_composition()
    hubs = composition["services"]["hub"]["environment"]

    with ExitStack() as stack:
        running = stack.enter_context(services_running(composition, folder))
        environment = {key: running.here(str(value)) for key, value in hubs.items()}
        hub = stack.enter_context(running_image(image, environment))
        check_health(image, hub.port)
        hub.upload(f"alice/{name}", "1.0.0", module, visibility="public")
        release = hub.wait_for_verdict(f"alice/{name}", "1.0.0")
        raw = httpx.get(f"{hub.origin}/download/alice/{name}/{release['module_sha256']}.wasm")
        challenge = httpx.get(f"{hub.origin}/v2/").headers["www-authenticate"]
        registry = f"http://127.0.0.1:{running.ports['registry']}"
        password = (running.secrets / "registry_password").read_text()
        closed = httpx.get(f"{registry}/v2/")
        blob = f"{registry}/v2/wasmhub/content/blobs/sha256:{release['module_sha256']}"
        alive = httpx.head(f"{registry}/")
        kept = httpx.head(blob, auth=("hub", password))
        deleted = httpx.delete(blob, auth=("hub", password))

    assert raw.content == module
    assert f'realm="{ORIGIN}/token"' in challenge
    assert not (image.path("/data") / "blobs/sha256").exists()
    assert (closed.status_code, alive.status_code) == (401, 200)
    assert (kept.status_code, deleted.status_code) == (200, 202)
