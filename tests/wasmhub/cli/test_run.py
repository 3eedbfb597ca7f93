"""`wasmhub run`: requests by options and by trials, chains, limits, and what is shown of them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.wasmhub.cli.conftest import EXAMPLES, Command
from tests.wasmhub.proxywasm.host.cases.writing import http_call
from tests.wasmhub.proxywasm.host.probes import On, Wat, probe
from tests.wasmhub.wasm_builder import Export, wasm_module
from wasmhub.cli import running
from wasmhub.proxywasm.asking import question
from wasmhub.proxywasm.host.answering import answer

pytestmark = pytest.mark.single_setup
quickly = pytest.mark.usefixtures("_quickly")

DENYING = EXAMPLES / "acme/deny-paths/dist/1.1.0.wasm"
NUMBERING = EXAMPLES / "northwind/request-id/dist/1.1.0.wasm"
TRAPPING = wasm_module(
    exports=[
        Export("proxy_abi_version_0_2_1"),
        Export("malloc", "(i32) -> (i32)"),
        Export("proxy_on_request_headers", "(i32 i32 i32) -> (i32)"),
        Export("memory", kind="memory"),
    ]
)


@pytest.fixture
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run modules that are known to be harmless in this process: a child takes its time."""

    def ask(trial: dict[str, Any], modules: dict[str, bytes]) -> dict[str, Any]:
        return answer(io.BytesIO(b"".join(question(trial, modules)))) or {}

    monkeypatch.setattr(running, "ask", ask)


def outcome(wasmhub: Command, *arguments: str | Path, stdin: bytes = b"") -> dict[str, Any]:
    said = wasmhub("run", *arguments, "--json", stdin=stdin)
    assert said.err == ""
    document: dict[str, Any] = json.loads(said.out)
    return document


def upstream_got(document: dict[str, Any]) -> dict[str, Any]:
    got: dict[str, Any] = json.loads(document["response"]["body"])
    return got


def test_a_request_is_written_with_options(wasmhub: Command) -> None:
    options = ("--request", "PUT", "/a?b=c", "-H", "X-A: 1", "--header", "x-b:2", "--data", "ä")

    document = outcome(wasmhub, NUMBERING, *options)

    got = upstream_got(document)
    assert (got["method"], got["path"], got["body"]) == ("PUT", "/a?b=c", "ä")
    headers = dict(got["headers"])
    assert (headers["x-a"], headers["x-b"]) == ("1", "2")
    assert set(document) == {
        *("outcome", "request", "response", "logs", "calls", "fuel", "milliseconds", "reason"),
    }


@quickly
def test_what_the_filter_changed_is_marked(wasmhub: Command) -> None:
    said = wasmhub("run", NUMBERING)
    coloured = wasmhub("run", NUMBERING, "--color", "always")

    assert said.status == 0
    assert "continued 200" in said.out
    assert "\n  + x-request-id: " in said.out
    assert "\n    :path: /\n" in said.out
    assert "The request went through the filter to the upstream and back." in said.out
    assert "\x1b[32m+ x-request-id: " in coloured.out


@quickly
def test_bytes_come_from_files(wasmhub: Command, tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"\xff\x00")

    document = outcome(wasmhub, NUMBERING, "--data-file", tmp_path / "body")
    piped = outcome(wasmhub, NUMBERING, "--data-file", "-", stdin=b"\xff\x00")

    assert document["request"]["body"] == piped["request"]["body"] == {"base64": "/wA="}
    assert upstream_got(document)["method"] == "POST"


@quickly
def test_a_configuration_reaches_the_filter(wasmhub: Command, tmp_path: Path) -> None:
    config = "/closed\nstatus 404\n"
    (tmp_path / "config.json").write_text(config)
    asked = ("--request", "GET", "/closed")

    by_text = outcome(wasmhub, DENYING, *asked, "--config", config)
    by_file = outcome(wasmhub, DENYING, *asked, "--config-file", tmp_path / "config.json")

    assert by_text["outcome"] == by_file["outcome"] == "replied"
    assert by_text["response"]["status"] == 404
    assert outcome(wasmhub, DENYING, *asked)["outcome"] == "continued"


@quickly
def test_a_whole_trial_is_one_document(wasmhub: Command, tmp_path: Path) -> None:
    trial = {
        "request": {"path": "/.env"},
        "upstream": {"status": 404},
        "plugins": [{"module": str(NUMBERING)}],
    }
    (tmp_path / "trial.json").write_text(json.dumps(trial))

    by_file = outcome(wasmhub, DENYING, "--trial", tmp_path / "trial.json")
    by_pipe = outcome(wasmhub, DENYING, "--trial", "-", stdin=json.dumps(trial).encode())

    assert by_file["outcome"] == by_pipe["outcome"] == "replied"
    assert by_file["response"] == by_pipe["response"]


@quickly
def test_a_chain_runs_in_order(wasmhub: Command) -> None:
    through = outcome(wasmhub, DENYING, "--plugin", NUMBERING)
    closed = outcome(wasmhub, DENYING, "--plugin", NUMBERING, "--request", "GET", "/.env")

    assert "x-request-id" in dict(through["request"]["headers"])
    assert "x-request-id" not in dict(closed["response"]["headers"])


@quickly
def test_calls_are_answered_from_files(wasmhub: Command, tmp_path: Path) -> None:
    file, reply = tmp_path / "x.wasm", tmp_path / "reply.json"
    file.write_bytes(probe(On("request_headers", http_call())))
    reply.write_text('[{"cluster": "auth", "status": 403}, {"cluster": "other"}]')

    alone, answered = wasmhub("run", file), wasmhub("run", file, "--reply", reply)

    assert "http to auth" not in alone.out
    assert "http to auth answered" in answered.out
    reply.write_text('{"status": 403}')
    assert "needs the name of its cluster" in wasmhub("run", file, "--reply", reply).err


@quickly
def test_a_connection_shows_its_bytes(wasmhub: Command, tmp_path: Path) -> None:
    file = tmp_path / "x.wasm"
    file.write_bytes(probe())
    trial = {"connection": {"downstream": "hello", "upstream": "world"}}

    said = wasmhub("run", file, "--trial", "-", stdin=json.dumps(trial).encode())

    assert said.status == 0
    assert "    hello\n" in said.out
    assert "    world\n" in said.out
    assert ":path" not in said.out


class TestABadEnd:
    def test_of_a_filter_that_breaks_down_is_a_no(self, wasmhub: Command, tmp_path: Path) -> None:
        file = tmp_path / "x.wasm"
        file.write_bytes(TRAPPING)

        said = wasmhub("run", file)

        assert said.status == 1
        assert "trapped 503" in said.out
        assert "unreachable" in said.out

    @quickly
    @pytest.mark.parametrize("data", [b"no module at all" * 99, b"\0asm\1\0\0\0"])
    def test_of_what_no_proxy_starts_is_a_no(
        self, wasmhub: Command, tmp_path: Path, data: bytes
    ) -> None:
        file = tmp_path / "x.wasm"
        file.write_bytes(data)

        said = wasmhub("run", file)

        assert said.status == 1
        assert said.out.startswith("rejected")
        assert ":path" not in said.out

    @pytest.mark.slow
    def test_of_a_filter_that_never_ends_is_a_no(self, wasmhub: Command, tmp_path: Path) -> None:
        file = tmp_path / "x.wasm"
        file.write_bytes(probe(On("request_headers", Wat("(loop $again (br $again))"))))

        said = wasmhub("run", file)

        assert said.status == 1
        assert said.out.startswith("limited")
        assert "fuel" in said.out


@quickly
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--request", "GET", "no-slash"], "request.path must start with /"),
        (["--request", "get it", "/"], "request.method"),
        (["-H", "no colon"], "This line is no header: no colon"),
        (["--data-file", "absent"], "absent cannot be read"),
        (["--config-file", "."], "cannot be read"),
        (["--trial", "absent"], "absent cannot be read"),
        (["--trial", "-"], "no JSON"),
        (["--trial", "-", "--data", "x"], "leave the options"),
        (["--plugin", "absent.wasm"], "There is no file absent.wasm"),
        (["--plugin", str(NUMBERING)] * 3, "more than 2"),
        (["--data", "a", "--data-file", "b"], "not allowed with"),
    ],
)
def test_what_cannot_be_run_is_one_sentence(
    wasmhub: Command, options: list[str], told: str
) -> None:
    said = wasmhub("run", NUMBERING, *options, stdin=b"{no json")

    assert (said.status, said.out) == (2, "")
    assert told in said.err
    assert said.err.count("\n") == 1


@quickly
@pytest.mark.parametrize(
    "trial", [b"5", b"[]", b'{"plugins": 5}', b'{"plugins": [5]}', b"[" * 99_999]
)
def test_a_trial_of_another_shape_is_one_sentence(wasmhub: Command, trial: bytes) -> None:
    said = wasmhub("run", NUMBERING, "--trial", "-", stdin=trial)

    assert (said.status, said.out) == (2, "")
    assert said.err.count("\n") == 1
