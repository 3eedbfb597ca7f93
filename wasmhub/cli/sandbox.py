"""
The child process in which `wasmhub run` runs modules: `python -I -m wasmhub.cli.sandbox`.

Compiling a hostile module cannot be stopped from within, so the process has limits, and the one
that started it can end it. It reads a question and writes an answer: `wasmhub.proxywasm.asking`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from wasmhub.proxywasm.asking import cut_short, question

if TYPE_CHECKING:
    from collections.abc import Mapping

CPU_SECONDS: Final = 20
MEMORY_BYTES: Final = 1536 * 1024 * 1024
WALL_SECONDS: Final = 60
OVER = "The trial took more time or memory than the sandbox gives."


class SandboxError(RuntimeError):
    """The sandbox itself failed, which no module should be able to cause."""


def ask(trial: Mapping[str, Any], modules: Mapping[str, bytes]) -> dict[str, Any]:
    """Run a trial in a child process and return its answer."""
    command = [sys.executable, "-I", "-m", __name__]
    asked = b"".join(question(trial, modules))
    try:
        # The command is our own; the module is data on its standard input.
        done = subprocess.run(  # noqa: S603
            command, input=asked, capture_output=True, timeout=WALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return cut_short(OVER)
    if done.returncode < 0:
        return cut_short(OVER)
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise SandboxError("The sandbox failed: install wasmhub and wasmtime anew.") from error
    return answer


def _limit() -> None:
    """Limit this process, as far as the system can."""
    with suppress(ImportError):
        import resource  # noqa: PLC0415 - Windows has none

        for which, value in (
            (resource.RLIMIT_CPU, CPU_SECONDS),
            (resource.RLIMIT_AS, MEMORY_BYTES),
            (resource.RLIMIT_CORE, 0),
        ):
            with suppress(ValueError, OSError):  # macOS has no limit on address space
                resource.setrlimit(which, (value, value))


def _main() -> None:
    _limit()
    from wasmhub.proxywasm.host.answering import answer  # noqa: PLC0415 - after the limits

    json.dump(answer(sys.stdin.buffer), sys.stdout)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        _main()
