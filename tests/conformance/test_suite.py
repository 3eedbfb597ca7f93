"""The conformance suite of the OCI distribution specification against a running hub, with auth."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.live import Hub
from tests.oci_clients import need

pytestmark = [pytest.mark.slow, pytest.mark.single_setup]

FEWEST = 600
# What a version of the specification leaves out, and nothing else, may be off.
OFF = {
    "1.1": {
        "Blob upload cancel",
        "Manifest put with tag params",
        "Sparse Manifests",
        "Tag Param",
        "Tag Param sha512",
    },
    "dev": {"Sparse Manifests"},
}
# A mount that names no source: whether the bytes are here already is nobody's business, so the
# client is told to upload them, which the specification allows.
SKIPPED = {"Blob anonymous mount"}
LEFT_OUT = ("/blob-mount-anonymous", "/blob-post-cancel")


@pytest.mark.parametrize("version", ["1.1", "dev"])
def test_the_suite_finds_nothing(hub_on_store: Hub, version: str, tmp_path: Path) -> None:
    suite = need("conformance", "scripts/install-conformance ~/.cache/wasmhub")
    environment = {
        **os.environ,
        "OCI_REGISTRY": hub_on_store.host,
        "OCI_TLS": "disabled",
        "OCI_REPO1": f"alice/first-{version}",
        "OCI_REPO2": f"alice/second-{version}",
        "OCI_USERNAME": "alice",
        "OCI_PASSWORD": hub_on_store.tokens["alice"],
        "OCI_VERSION": version,
        "OCI_LOG": "error",
        "OCI_RESULTS_DIR": str(tmp_path),
    }

    # Its exit status says nothing: a wrong setting is 0, and what a version leaves out is 1.
    subprocess.run([suite], env=environment, cwd=tmp_path, check=False, capture_output=True)

    results = yaml.safe_load((tmp_path / "results.yaml").read_text())
    judged = results["apis"] | results["data"]
    assert failures(tmp_path / "junit.xml") == []
    assert named(judged, "Disabled") == OFF[version]
    assert named(judged, "Skip") == SKIPPED
    assert set(judged.values()) <= {"Pass", "Disabled", "Skip"}


def named(judged: dict[str, str], outcome: str) -> set[str]:
    return {name for name, found in judged.items() if found == outcome}


def failures(report: Path) -> list[str]:
    """Return every single test that did not pass, with what the suite says of it."""
    tests = list(ET.parse(report).iter("testcase"))
    assert len(tests) > FEWEST
    return [
        f"{test.get('name')} {test.get('status')}: {''.join(test.itertext()).strip()[:500]}"
        for test in tests
        if test.get("status") not in {"passed", "disabled"}
        and not str(test.get("name")).endswith(LEFT_OUT)
    ]
