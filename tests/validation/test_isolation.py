"""A process that gave things up has them no more, and neither has what it starts."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from validation.children import Child, ReaderError
from validation.isolation import ALL, FILES, NETWORK, PRIVILEGES, SIGNALS

pytestmark = pytest.mark.single_setup

NOBODY = 65534
ROOT = Path(__file__).resolve().parents[2]
# Says of each act whether it was possible; what is taken is said too.
ATTEMPTS = """
import json, os, signal, socket, subprocess, sys
sys.path.append(sys.argv[1])
from validation import isolation
owner, own, secret, port, parent = sys.argv[2:]
isolation.become(int(owner))
held = isolation.isolate({own: isolation.WRITING})

def possible(act):
    try:
        act()
    except OSError:
        return False
    return True

print(json.dumps({"held": held, "possible": {
    "read": possible(lambda: open(secret).read()),
    "list": possible(lambda: os.listdir(os.path.dirname(secret))),
    "write": possible(lambda: open(secret + ".new", "w")),
    "remove": possible(lambda: os.remove(secret)),
    "environment": possible(lambda: open(f"/proc/{parent}/environ").read()),
    "memory": possible(lambda: open(f"/proc/{parent}/mem", "rb")),
    "start": possible(lambda: subprocess.run([sys.executable, "-c", ""], check=True)),
    "connect": possible(lambda: socket.socket().connect(("127.0.0.1", int(port)))),
    "signal": possible(lambda: os.kill(int(parent), 0)),
    "own": possible(lambda: open(own + "/written", "w").write("x")),
    "escape": possible(lambda: os.chroot("/")),
}}))
"""


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened.getsockname()[1]


def attempts(folder: Path, port: int, owner: int) -> tuple[set[str], dict[str, bool]]:
    own, secret = folder / "own", folder / "data" / "hub.sqlite3"
    for each in (folder, own, secret.parent):
        each.mkdir(exist_ok=True)
        each.chmod(0o777)
    secret.write_text("secret")
    secret.chmod(0o666)
    told = [str(ROOT), str(owner), str(own), str(secret), str(port), str(os.getpid())]
    done = subprocess.run(
        [sys.executable, "-I", "-c", ATTEMPTS, *told],
        check=True,
        capture_output=True,
        text=True,
    )
    said = json.loads(done.stdout)
    return set(said["held"]), said["possible"]


@pytest.mark.parametrize("is_root", [True, False])
def test_what_was_taken_is_gone(listener: int, is_root: bool) -> None:
    if os.geteuid() != 0 and is_root:
        pytest.skip("only root can be root")
    owner = os.geteuid() if is_root or os.geteuid() else NOBODY
    with tempfile.TemporaryDirectory() as folder:  # nobody cannot reach pytest's own
        held, possible = attempts(Path(folder), listener, owner)

    if not held:
        pytest.skip("this kernel takes nothing from a process")
    if FILES in held:
        for act in ("read", "list", "write", "remove", "environment", "memory", "start"):
            assert not possible[act], act
    if NETWORK in held:
        assert not possible["connect"]
    if SIGNALS in held:
        assert not possible["signal"]
    if PRIVILEGES in held:
        assert not possible["escape"]
    assert possible["own"]


def test_the_child_says_what_was_taken_from_it() -> None:
    assert set(Child.start("isolation").answer()["taken"]) <= set(ALL)


def test_the_child_has_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_SECRET_KEY", "secret")
    child = Child.start("try", "/nowhere")

    environment = Path(f"/proc/{child.process.pid}/environ").read_bytes()
    with pytest.raises(ReaderError):
        child.answer()

    assert b"secret" not in environment
