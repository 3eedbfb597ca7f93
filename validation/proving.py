"""
Prove by the real Envoy that it loads a module: ``--mode validate`` links, starts and configures it.

The module is hostile, so Envoy runs confined: behind the limits that ``confined.py`` sets, watched
from here for memory, threads and time, in an empty folder, without network, as nobody.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from django.conf import settings

from validation.bootstrap import bootstrap
from validation.confined import FILE_BYTES
from validation.envoys import installed
from validation.watching import end_session, usage_of

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFINED: Final = Path(__file__).with_name("confined.py")
NOBODY: Final = 65534
POLL_SECONDS: Final = 0.05
LINE_LENGTH: Final = 1_000
_REFUSED: Final = 1  # Envoy's exit status when it does not take its configuration
# One line for one message, whatever the module writes: Envoy escapes line ends in messages.
_LOG: Final = ("-l", "error", "--log-format", "%v", "--log-format-escaped")
_OF_THE_MODULE: Final = "wasm log"  # how Envoy begins the lines that the module writes itself
# From most to least telling. Each is the beginning of a message of Envoy's Wasm host.
_REASONS: Final = (
    "Failed to load Wasm module due to ",
    "Bad function signature for: ",
    "Function: ",
    "Failed to create new Wasm instance",
    "Wasm VM failed ",
    "Plugin module failed to load",
)
_NO_ENGINE: Final = "Failed to create Wasm VM using "
_CRASHES: Final = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP)
_NO_MEMORY: Final = "out of memory"
# All went well until the module itself refused the configuration, which it may.
_CONFIGURATION_REFUSED: Final = "Wasm VM failed Failed to configure "


class Outcome(StrEnum):
    """How a proof ended; one that was cut short says nothing of the module."""

    LOADS = "loads"
    FAILS = "fails"
    NOT_RUN = "not-run"


@dataclass(frozen=True, slots=True)
class Proof:
    """
    What one release of Envoy did with a module, and the line of its log that says why.

    A module that loads and then refuses the configuration does load; ``log`` says so.
    """

    version: str
    outcome: Outcome
    log: str = ""

    def as_json(self) -> dict[str, Any] | None:
        """Return the fixed shape of ``proven``; null when it was not run."""
        if self.outcome == Outcome.NOT_RUN:
            return None
        loads = self.outcome == Outcome.LOADS
        return {"version": self.version, "loads": loads, "log": self.log}


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a run may take: seconds on the clock, resident bytes, threads of all its processes."""

    seconds: float = 60.0
    resident: int = 1536 * 1024 * 1024
    threads: int = 128


DEFAULT_ALLOWANCE: Final = Allowance()


def prove_with_all(module: Path | bytes, *, root_id: str = "") -> tuple[Proof, ...]:
    """Prove a module with every Envoy that this hub has installed, oldest first; perhaps none."""
    return tuple(
        prove(module, program, version, root_id=root_id)
        for version, program in installed(envoy_folder()).items()
    )


def envoy_folder() -> Path:
    """Return where the Envoys of this hub are: ``HUB_ENVOY_DIR``."""
    return Path(settings.ENVOY_DIR)


def prove(  # noqa: PLR0913 - what a plugin's configuration holds
    module: Path | bytes,
    envoy: Path,
    version: str,
    *,
    root_id: str = "",
    configuration: str = "",
    restriction: Mapping[str, Any] | None = None,
    allowance: Allowance = DEFAULT_ALLOWANCE,
) -> Proof:
    """Let the ``envoy`` of a ``version`` load a module; never raises on any module's bytes."""
    folder = Path(tempfile.mkdtemp(prefix="proof-"))
    try:
        code, document = folder / "module.wasm", folder / "envoy.json"
        if isinstance(module, bytes):
            code.write_bytes(module)
        else:
            shutil.copyfile(module, code)
        wanted = bootstrap(
            str(code), root_id=root_id, configuration=configuration, restriction=restriction
        )
        document.write_text(json.dumps(wanted))
        for each in (folder, code, document):
            os.chown(each, _owner(), -1)
        with tempfile.TemporaryFile() as log:
            cut_short = _run(envoy, folder, log, allowance)
            return _judged(version, cut_short, log)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> int:
    return NOBODY if os.geteuid() == 0 else os.geteuid()


def _run(envoy: Path, folder: Path, log: IO[bytes], allowance: Allowance) -> int | str:
    """Return the exit status, negative for a signal, or which allowance was used up."""
    command = [sys.executable, "-I", "-S", str(CONFINED), str(_owner()), str(envoy)]
    options = ["--mode", "validate", "--use-dynamic-base-id", "-c", str(folder / "envoy.json")]
    child = subprocess.Popen(  # noqa: S603 - our own program, no shell
        [*command, *options, *_LOG],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=log,
        env={},
        cwd=folder,
        start_new_session=True,
    )
    try:
        return _watch(child, allowance)
    finally:
        end_session(child.pid)
        child.kill()
        child.wait()


def _watch(child: subprocess.Popen[bytes], allowance: Allowance) -> int | str:
    """Wait for the end of the child, or for it to take more than it may."""
    end = time.monotonic() + allowance.seconds
    while time.monotonic() < end:
        try:
            return child.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            taken = usage_of(child.pid)
        if taken.resident > allowance.resident:
            return f"It took more than {allowance.resident // 1024**2} MiB of memory."
        if taken.threads > allowance.threads:
            return f"It started more than {allowance.threads} threads."
    return f"It took longer than {allowance.seconds:g} seconds."


def _judged(version: str, ended: int | str, log: IO[bytes]) -> Proof:
    if isinstance(ended, str):
        return Proof(version, Outcome.NOT_RUN, ended)
    if ended == 0:
        return Proof(version, Outcome.LOADS)
    if log.seek(0, os.SEEK_END) >= FILE_BYTES:
        return Proof(version, Outcome.NOT_RUN, "It wrote more than it may.")
    log.seek(0)
    lines = [
        line[:LINE_LENGTH]
        for line in log.read().decode(errors="replace").split("\n")
        if line and not line.startswith(_OF_THE_MODULE)
    ]
    if ended < 0:
        return _ended_by_signal(version, signal.Signals(-ended), lines)
    return _refused(version, ended, lines)


def _ended_by_signal(version: str, which: signal.Signals, lines: list[str]) -> Proof:
    """Tell a crash that the module caused from a limit; without memory engines end themselves."""
    if which not in _CRASHES or any(_NO_MEMORY in line for line in lines):
        return Proof(version, Outcome.NOT_RUN, f"It ended by {which.name}.")
    return Proof(version, Outcome.FAILS, f"Envoy crashed by {which.name}.")


def _refused(version: str, status: int, lines: list[str]) -> Proof:
    found = (line for reason in _REASONS for line in lines if line.startswith(reason))
    if status != _REFUSED:
        return Proof(version, Outcome.NOT_RUN, f"It ended with status {status}.")
    without_engine = (line for line in lines if line.startswith(_NO_ENGINE))
    if (line := next(without_engine, None)) is not None:
        return Proof(version, Outcome.NOT_RUN, line)
    if (line := next(found, None)) is None:
        return Proof(version, Outcome.NOT_RUN, lines[-1] if lines else "It said nothing.")
    if any(each.startswith(_CONFIGURATION_REFUSED) for each in lines):
        return Proof(version, Outcome.LOADS, line)
    return Proof(version, Outcome.FAILS, line)
