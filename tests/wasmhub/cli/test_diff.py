"""`wasmhub diff`: what the page of two releases says, on the terminal."""

from __future__ import annotations

import json

import pytest

from tests.wasmhub.cli.conftest import EXAMPLES, Command
from wasmhub.proxywasm import analyse
from wasmhub.proxywasm.comparing import compare

pytestmark = pytest.mark.single_setup

HELLO = EXAMPLES / "ada/hello/dist/1.0.0.wasm"
DENYING = EXAMPLES / "acme/deny-paths/dist/1.0.0.wasm"


def test_programs_get_what_rest_gives(wasmhub: Command) -> None:
    said = wasmhub("diff", HELLO, DENYING, "--json")

    older, newer = (analyse(each.read_bytes()).facts.as_json() for each in (HELLO, DENYING))
    assert said.status == 0
    assert json.loads(said.out) == compare(older, newer).as_json()


def test_a_gained_capability_is_a_warning(wasmhub: Command) -> None:
    forth, back = wasmhub("diff", HELLO, DENYING), wasmhub("diff", DENYING, HELLO)

    assert (forth.status, back.status) == (0, 0)
    assert "Warning: " in forth.out
    assert "+ local-response   It can answer a request itself." in forth.out
    assert "+ env.proxy_send_local_response" in forth.out
    assert "- local-response" in back.out


def test_the_same_bytes_say_so(wasmhub: Command) -> None:
    assert "The module is the same" in wasmhub("diff", HELLO, HELLO).out


def test_one_side_may_come_from_standard_input(wasmhub: Command) -> None:
    piped = wasmhub("diff", HELLO, "-", "--json", stdin=DENYING.read_bytes())

    assert json.loads(piped.out)["same"] is False
