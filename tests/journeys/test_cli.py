"""The `wasmhub` command as it is installed, against a running hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import filters
from tests.live import Hub, unique
from wasmhub.proxywasm.comparing import advice

PROGRAM = Path(sys.executable).with_name("wasmhub")


@dataclass(frozen=True)
class Said:
    """What the command left: its exit code, and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def wasmhub(hub: Hub, *arguments: str, who: str | None = None, stdin: bytes = b"") -> Said:
    """Run the command for somebody who has named the hub in the environment."""
    environment = {"PATH": os.environ["PATH"], "WASMHUB_URL": hub.origin}
    if who:
        environment["WASMHUB_TOKEN"] = hub.tokens[who]
    done = subprocess.run(
        [PROGRAM, *arguments], input=stdin, env=environment, capture_output=True, check=False
    )
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def path(hub: Hub) -> str:
    """Publish two releases, the second of which can do more."""
    return published(hub, "public")


def published(hub: Hub, visibility: str) -> str:
    path = f"alice/{unique('shell')}"
    modules = {"1.0.0": filters.hello(), "1.1.0": filters.example("acme/deny-paths", "1.1.0")}
    for version, module in modules.items():
        assert hub.upload(path, version, module, visibility=visibility).status_code == 202
        assert hub.wait_for_verdict(path, version)["verdict"] == "passed"
    return path


@pytest.fixture(scope="module")
def private(hub: Hub) -> str:
    return published(hub, "private")


class TestInspect:
    def test_says_what_rest_says(self, hub: Hub, path: str) -> None:
        document = wasmhub(hub, "inspect", f"{path}:1.1.0", "--json").document

        def told(what: str) -> Any:
            return hub.api("GET", f"/extensions/{path}/releases/1.1.0{what}").json()

        assert document["facts"] == told("/facts")
        assert document["findings"] == told("/findings")
        assert document["compatibility"] == told("/compatibility")
        capabilities = told("/capabilities")
        assert document["capabilities"] == capabilities["capabilities"]
        assert document["restriction"] == capabilities["restriction"]
        assert document["image"]["digest"] == told("")["digest"]
        assert document["facts"]["sha256"] == told("")["module_sha256"]

    def test_says_what_the_page_says(self, hub: Hub, path: str) -> None:
        said = wasmhub(hub, "inspect", f"{path}:1.1.0")
        with hub.client() as client:
            page = client.get(f"/{path}/abi?version=1.1.0").text

        assert said.status == 0
        assert "release 1.1.0, passed" in said.out
        for words in ("It can answer a request itself.", "Envoy Gateway", "proxy-wasm 0.2.1"):
            assert words in said.out
            assert words in page

    def test_finds_the_newest_release_and_a_digest(self, hub: Hub, path: str) -> None:
        newest = wasmhub(hub, "inspect", path, "--json").document
        digest = newest["image"]["digest"]
        pinned = wasmhub(hub, "inspect", f"{path}@{digest}", "--json").document
        by_oci = wasmhub(hub, "inspect", f"oci://{hub.host}/{path}:1.1.0", "--json").document

        assert newest == pinned
        assert newest["image"]["release"]["version"] == "1.1.0"
        assert by_oci["image"]["digest"] == digest
        assert by_oci["facts"] == newest["facts"]

    def test_holds_what_the_hub_packed_to_the_canonical_form(self, hub: Hub, path: str) -> None:
        said = wasmhub(hub, "inspect", f"{path}:1.0.0", "--strict")

        assert (said.status, said.err) == (0, "")
        assert "is canonical" in said.out

    def test_answers_for_one_proxy(self, hub: Hub, path: str) -> None:
        assert wasmhub(hub, "inspect", f"{path}:1.0.0", "--proxy", "envoy:1.40").status == 0

    def test_tells_that_a_release_was_yanked(self, hub: Hub) -> None:
        path = published(hub, "public")
        url = f"/extensions/{path}/releases/1.0.0"
        yanked = hub.api("PATCH", url, who="alice", json={"yanked": "It leaks."})

        said = wasmhub(hub, "inspect", f"{path}@{yanked.json()['digest']}")

        assert said.status == 0
        assert "Yanked: It leaks." in said.out


class TestWhoMaySee:
    @pytest.mark.parametrize("command", [["inspect"], ["run"], ["diff", "-"]])
    def test_is_whoever_may_on_the_hub(self, hub: Hub, private: str, command: list[str]) -> None:
        arguments = (*command, f"{private}:1.0.0")
        stdin = filters.hello()

        nobody = wasmhub(hub, *arguments, stdin=stdin)
        stranger = wasmhub(hub, *arguments, stdin=stdin, who="mallory")
        owner = wasmhub(hub, *arguments, stdin=stdin, who="alice")

        assert (nobody.status, stranger.status, owner.status) == (4, 2, 0)
        assert "set WASMHUB_TOKEN" in nobody.err
        assert "There is no" in stranger.err
        assert nobody.out == stranger.out == ""

    def test_is_nobody_with_a_wrong_token(self, hub: Hub, private: str) -> None:
        environment = {"WASMHUB_TOKEN": "whub_wrong", "WASMHUB_URL": hub.origin}
        done = subprocess.run(
            [PROGRAM, "inspect", f"{private}:1.0.0"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

        assert (done.returncode, done.stdout) == (4, "")
        assert "does not take this WASMHUB_TOKEN" in done.stderr


def test_diff_says_what_the_page_of_both_says(hub: Hub, path: str) -> None:
    both = (f"{path}:1.0.0", f"{path}:1.1.0")
    told = hub.api("GET", f"/extensions/{path}/compare/1.0.0...1.1.0").json()

    shown = " ".join(wasmhub(hub, "diff", *both).out.split())
    with hub.client() as client:
        page = client.get(f"/{path}/compare/1.0.0...1.1.0").text

    assert wasmhub(hub, "diff", *both, "--json").document == told
    assert f"Warning: {both[1]} can do more." in shown
    assert f"{advice(both[0])} What it can do" in shown
    assert advice("1.0.0") in page


@pytest.mark.parametrize("request_path", ["/", "/.env"])
def test_run_does_what_the_hub_does(hub: Hub, path: str, request_path: str) -> None:
    trial = {"request": {"path": request_path, "headers": [["x-a", "1"]]}}
    url = f"/extensions/{path}/releases/1.1.0/trials"
    told = hub.api("POST", url, json=trial).json()

    by_trial = wasmhub(
        hub, "run", f"{path}:1.1.0", "--trial", "-", "--json", stdin=json.dumps(trial).encode()
    )
    by_options = wasmhub(
        hub, "run", path, "--request", "GET", request_path, "-H", "x-a: 1", "--json"
    )

    for said in (by_trial, by_options):
        assert (said.status, said.err) == (0, "")
        assert said.document | {"milliseconds": 0} == told | {"milliseconds": 0}


def test_a_hub_that_does_not_answer_is_a_failure(hub: Hub, path: str) -> None:
    said = wasmhub(hub, "inspect", path, "--hub", "http://127.0.0.1:1")

    assert (said.status, said.out) == (3, "")
    assert said.err.count("\n") == 1
