"""What is computed is what the real Envoys do."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from tests.oci_clients import CACHE
from tests.wasmhub.proxywasm.modules import ONLY_A_RUN_TELLS, examples, modules
from validation.envoys import WHEELS, installed
from validation.proving import Outcome, Proof, prove
from wasmhub.proxywasm import Compatibility, analyse, compatibility_of

pytestmark = [pytest.mark.single_setup, pytest.mark.slow]

AT_ONCE = 2


def envoy_of(version: str) -> Path:
    """Return the program of a version; without it skip and say how to get it, or fail under CI."""
    program = installed(CACHE / "envoys").get(version)
    if program is None:
        message = f"Envoy {version} is not installed: scripts/install-envoys ~/.cache/wasmhub"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return program


def proofs_of(many: Iterable[bytes], version: str) -> list[Proof]:
    """Let an Envoy load every module, two at once."""
    envoy = envoy_of(version)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda each: prove(each, envoy, version), many))


@cache
def rows_of(module: bytes) -> tuple[Compatibility, ...]:
    return compatibility_of(analyse(module).facts.as_json())


def computed(module: bytes, version: str) -> bool:
    """Return what the rules say of the Envoy that was asked."""
    minor, rows = version.rpartition(".")[0], rows_of(module)
    (row,) = (each for each in rows if (each.proxy, each.version) == ("envoy", minor))
    assert row.loads is not None
    return row.loads


@pytest.mark.parametrize("version", WHEELS)
def test_rules_and_envoy_agree_on_every_example(version: str) -> None:
    built = examples()

    proofs = proofs_of(built.values(), version)

    assert built
    for name, proof in zip(built, proofs, strict=True):
        assert (name, proof.outcome) == (name, Outcome.LOADS), proof.log
        assert computed(built[name], version)


@pytest.mark.parametrize("version", WHEELS)
def test_rules_and_envoy_agree_on_every_broken_module(version: str) -> None:
    asked = modules()

    proofs = proofs_of(asked.values(), version)

    disagreements = {
        name: (computed(module, version), proof)
        for (name, module), proof in zip(asked.items(), proofs, strict=True)
        if proof.outcome != (Outcome.LOADS if computed(module, version) else Outcome.FAILS)
    }
    assert disagreements == {}
    assert sum(proof.outcome == Outcome.FAILS for proof in proofs) >= 60


@pytest.mark.parametrize("version", WHEELS)
def test_what_a_module_does_at_start_only_a_run_tells(version: str) -> None:
    proofs = proofs_of(ONLY_A_RUN_TELLS.values(), version)

    for (name, module), proof in zip(ONLY_A_RUN_TELLS.items(), proofs, strict=True):
        shape = proof.as_json()
        assert shape is not None, name
        (row,) = (each for each in compatibility_of(analyse(module).facts, [shape]) if each.proven)
        assert (name, proof.outcome, row.loads, row.disputed) == (name, Outcome.FAILS, True, True)
