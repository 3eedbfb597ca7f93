"""The real Envoy runs what the hub says it runs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx
import pytest

from tests import filters
from tests.envoy import first_answer, running_envoy
from tests.live import Hub, unique
from tests.servers import free_port

pytestmark = pytest.mark.single_setup


def test_envoy_fetches_a_public_module_with_the_manifest_of_the_page(
    hub: Hub, tmp_path: Path
) -> None:
    path, port = f"alice/{unique('hello')}", free_port()
    hub.upload(path, "1.0.0", filters.hello(), visibility="public")
    hub.wait_for_verdict(path, "1.0.0")
    manifest = hub.api(
        "GET", f"/extensions/{path}/releases/1.0.0/manifests/envoy", params={"port": port}
    )

    with running_envoy(manifest.text, port, tmp_path) as origin:
        answer = first_answer(origin)

    assert manifest.headers["content-type"].startswith("application/yaml")
    assert answer.status_code == 200
    assert answer.headers["x-hello"] == "world"


def test_a_private_module_runs_from_the_file_that_the_manifest_says_to_fetch(
    hub: Hub, tmp_path: Path
) -> None:
    path, port = f"alice/{unique('hello')}", free_port()
    hub.upload(path, "1.0.0", filters.hello(), visibility="private")
    hub.wait_for_verdict(path, "1.0.0")
    manifest = hub.api(
        "GET",
        f"/extensions/{path}/releases/1.0.0/manifests/envoy",
        who="alice",
        params={"port": port},
    ).text
    lines = [line.lstrip("# ") for line in manifest.splitlines() if "curl" in line]

    subprocess.run(
        lines[0],
        shell=True,
        check=True,
        cwd=tmp_path,
        env={"WASMHUB_TOKEN": hub.tokens["alice"], "PATH": "/usr/bin:/bin"},
    )
    with running_envoy(manifest, port, tmp_path) as origin:
        answer = httpx.get(origin)

    assert answer.headers["x-hello"] == "world"
