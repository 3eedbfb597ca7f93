"""Start the child process that touches hostile bytes, and bear whatever becomes of it."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from validation.child import ANSWER_BYTES, CPU_SECONDS, MEMORY_BYTES, OUT_OF_MEMORY, TOO_LONG
from validation.isolation import ALL
from validation.watching import end_session

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PROGRAM: Final = Path(__file__).with_name("child.py")
WALL_SECONDS: Final = 60.0
_TOLD: Final = 2_000  # of what it wrote before it failed, in bytes
_MEMORY: Final = f"took more than {MEMORY_BYTES / 1024**3:g} GiB of memory"
_TIME: Final = f"took more than {CPU_SECONDS} seconds of processor time"
_LIMITS: Final = {
    -signal.SIGKILL: _TIME,
    -signal.SIGXCPU: _TIME,
    -signal.SIGABRT: _MEMORY,  # engines end themselves when they get no memory
    OUT_OF_MEMORY: _MEMORY,
    TOO_LONG: f"led to an answer of more than {ANSWER_BYTES // 1024**2} MiB",
}


logger = logging.getLogger(__name__)


class ReaderError(Exception):
    """The child failed in a way that is the hub's fault; the job will try again."""


class TooHeavyError(Exception):
    """The module took more than a limit, or ended the engine; the text goes on after "it"."""


@dataclass(slots=True)
class Child:
    """One child: what it is told goes to its standard input, what it says to a file."""

    process: subprocess.Popen[bytes]
    said: IO[bytes]
    log: IO[bytes]
    overdue: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def start(
        cls,
        command: str,
        *arguments: str,
        stdin: IO[bytes] | int = subprocess.PIPE,
        files: Sequence[int] = (),
    ) -> Child:
        """Start one with a command of ``child.py``; it inherits ``files`` and nothing else."""
        said, log = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - see answer
        program = [sys.executable, "-I", "-B", "-X", "utf8", str(PROGRAM)]
        process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            [*program, command, str(said.fileno()), *arguments],
            stdin=stdin,
            stdout=log,
            stderr=log,
            pass_fds=[said.fileno(), *files],
            env={},
            cwd="/",
            start_new_session=True,
        )
        return cls(process, said, log)

    def answer(self, question: Iterable[bytes] = ()) -> dict[str, Any]:
        """
        Return what the child says to a question, after it and all that it started has ended.

        :raises TooHeavyError: the module took more than a limit, or ended the engine
        :raises ReaderError: the child failed otherwise
        """
        timer = threading.Timer(WALL_SECONDS, self._stop)
        timer.start()
        try:
            # Who died before reading everything says why by its status.
            with suppress(BrokenPipeError):
                self._tell(question)
            # It stays a zombie for now, so that nobody else gets its number.
            with suppress(ChildProcessError):
                os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
        finally:
            timer.cancel()
            end_session(self.process.pid)
            status = self.process.wait()
        with self.said, self.log:
            return self._judged(status)

    def _tell(self, question: Iterable[bytes]) -> None:
        if self.process.stdin is not None:
            with self.process.stdin as stdin:
                for part in question:
                    stdin.write(part)

    def _stop(self) -> None:
        self.overdue.set()
        self.process.kill()

    def _judged(self, status: int) -> dict[str, Any]:
        if self.overdue.is_set():
            raise TooHeavyError(f"took longer than {WALL_SECONDS:g} seconds")
        if status in _LIMITS:
            raise TooHeavyError(_LIMITS[status])
        if status < 0:
            raise TooHeavyError(f"crashed the engine ({signal.Signals(-status).name})")
        self.said.seek(0)
        said = self.said.read(ANSWER_BYTES + 1)
        if status or not said or len(said) > ANSWER_BYTES:
            self.log.seek(-min(_TOLD, self.log.seek(0, 2)), 2)
            raise ReaderError(f"The child ended with {status}: {self.log.read()!r}")
        try:
            document: dict[str, Any] = json.loads(said)
        except ValueError as error:
            raise ReaderError("The child said no JSON.") from error
        return document


def say_isolation() -> None:
    """Log what this machine takes from a child; less than everything is a warning."""
    taken = Child.start("isolation").answer()["taken"]
    if missing := [each for each in ALL if each not in taken]:
        logger.warning(
            "Modules are read with limits, but this kernel or container leaves their process its "
            "%s: see docs/run.md.",
            ", ".join(missing),
        )
    else:
        logger.info("Modules are read in processes without %s.", ", ".join(ALL))
