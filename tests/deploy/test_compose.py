"""compose.yaml without a container engine: by the specification, by our rules, and running."""

from __future__ import annotations

import os
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
import yaml

from tests import filters
from tests.containerfile import Stage
from tests.deploy.running import check_health, running_image
from tests.live import unique
from tests.oci_clients import CACHE
from tests.registries import program_of
from tests.servers import Postgres, Redis, find_postgres, free_port, stop, wait_for_port

pytestmark = pytest.mark.single_setup

ROOT = Path(__file__).resolve().parent.parent.parent
FILE = ROOT / "deploy/compose.yaml"
ORIGIN = "https://hub.example"
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<kind>:[-?])(?P<rest>[^}]*)\}")


def interpolated(**environment: str) -> str:
    """Return the file with its variables replaced as Compose does it."""

    def value(match: re.Match[str]) -> str:
        if found := environment.get(match["name"]):
            return found
        if match["kind"] == ":?":
            raise KeyError(match["name"])
        return match["rest"]

    return VARIABLE.sub(value, FILE.read_text())


@pytest.fixture(scope="module")
def composition() -> dict[str, Any]:
    return dict(yaml.safe_load(interpolated(HUB_PUBLIC_ORIGIN=ORIGIN)))


def services(composition: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return list(composition["services"].items())


def test_it_keeps_to_the_compose_specification(tmp_path: Path) -> None:
    program = shutil.which("cmd", path=str(CACHE / "compose-go"))
    if program is None and os.environ.get("CI") != "true":
        pytest.skip("compose-go is not installed: scripts/install-compose-go ~/.cache/wasmhub")
    file = tmp_path / "compose.yaml"
    file.write_text(interpolated(HUB_PUBLIC_ORIGIN=ORIGIN))

    checked = subprocess.run([str(program), str(file)], capture_output=True, text=True, check=False)
    file.write_text(file.read_text().replace("healthcheck:", "healthchek:", 1))
    broken = subprocess.run([str(program), str(file)], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stderr
    assert broken.returncode != 0


def test_it_does_not_start_without_an_origin() -> None:
    with pytest.raises(KeyError, match="HUB_PUBLIC_ORIGIN"):
        interpolated()


def test_whatever_a_service_uses_is_declared(composition: dict[str, Any]) -> None:
    for name, service in services(composition):
        for kind in ("networks", "secrets"):
            assert set(service.get(kind, [])) <= set(composition[kind]), (name, kind)
        assert {each.partition(":")[0] for each in service.get("volumes", [])} <= set(
            composition["volumes"]
        ), name
        assert set(service.get("depends_on", {})) <= set(composition["services"]), name
        used = {
            Path(value).name
            for value in service.get("environment", {}).values()
            if str(value).startswith("/run/secrets/")
        }
        assert used == set(service.get("secrets", [])), name


def test_every_setting_in_it_is_documented(composition: dict[str, Any]) -> None:
    table = (ROOT / "docs/settings.md").read_text()
    documented = set(re.findall(r"^\| `(HUB_\w+)`", table, re.MULTILINE))
    used = {
        name.removesuffix("_FILE")
        for _, service in services(composition)
        for name in service.get("environment", {})
        if name.startswith("HUB_")
    }
    used |= {match["name"] for match in VARIABLE.finditer(FILE.read_text())} - {"PORT"}

    assert used
    assert used - documented == set()


def test_secrets_come_as_files(composition: dict[str, Any]) -> None:
    for name, service in services(composition):
        for key, value in service.get("environment", {}).items():
            if re.search(r"SECRET|PASSWORD|DATABASE_URL|HTPASSWD_PATH", key):
                assert value.startswith("/run/secrets/"), (name, key)
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_only_the_hub_can_be_reached_from_outside(composition: dict[str, Any]) -> None:
    published = {name for name, service in services(composition) if "ports" in service}
    outside = {name for name, service in services(composition) if service["networks"] != ["back"]}

    assert published == outside == {"hub"}
    assert composition["services"]["hub"]["ports"] == ["127.0.0.1:8000:8000"]
    assert composition["networks"]["back"] == {"internal": True}


def test_what_waits_for_a_service_waits_until_it_is_well(composition: dict[str, Any]) -> None:
    waited_for = composition["services"]["hub"]["depends_on"]

    assert set(waited_for) == set(composition["services"]) - {"hub"}
    for name, how in waited_for.items():
        assert how == {"condition": "service_healthy"}
        assert composition["services"][name]["healthcheck"]["test"][0] == "CMD"


def test_no_service_gets_more_rights_than_it_has(composition: dict[str, Any]) -> None:
    for name, service in services(composition):
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("read_only") or name == "database", name
        assert service["restart"] == "unless-stopped", name
        assert ":" in service["image"].rpartition("/")[2] or "build" in service, name


# --- And it runs: the same settings and secrets, processes of this machine instead of containers --


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


@pytest.mark.slow
def test_with_its_settings_and_secrets_the_hub_works(
    composition: dict[str, Any], image: Stage, folder: Path
) -> None:
    if find_postgres() is None or shutil.which("redis-server") is None:
        pytest.skip("Missing: sudo apt-get install postgresql redis-server")
    name, module = unique(), filters.hello()
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
