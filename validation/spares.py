"""
Children that are started before anybody needs them: importing an engine takes longer than a trial.

Each runs one trial and ends. The one that waits ends by itself when this process does, for it then
reads the end of its standard input.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from validation.limited import ANSWER_BYTES, CHILD, ENVIRONMENT, WALL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Waiting:
    """A child that waits for a trial, and the file that its answer goes to."""

    process: subprocess.Popen[bytes]
    answer: IO[bytes]

    @classmethod
    def start(cls, cache: str) -> Waiting:
        answer = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the child
        process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            [sys.executable, "-I", str(CHILD), "try", cache],
            stdin=subprocess.PIPE,
            stdout=answer,
            env=ENVIRONMENT,
            cwd="/",
        )
        return cls(process, answer)

    def ask(self, question: Iterable[bytes]) -> tuple[int, bytes]:
        """Return the exit status, negative for a signal, and what the child said."""
        timer = threading.Timer(WALL_SECONDS, self.process.kill)
        timer.start()
        try:
            # Who died before reading everything says why by its status.
            with suppress(BrokenPipeError), self._stdin as stdin:
                for part in question:
                    stdin.write(part)
            status = self.process.wait()
        finally:
            timer.cancel()
            self.process.kill()
            self.process.wait()
        with self.answer as answer:
            answer.seek(0)
            return status, answer.read(ANSWER_BYTES)

    @property
    def _stdin(self) -> IO[bytes]:
        if self.process.stdin is None:
            raise RuntimeError("it was started without a pipe")
        return self.process.stdin


class Spares:
    """The one child that waits in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Waiting | None = None

    def take(self, cache: str) -> Waiting:
        """Return a child for one trial, and have another one wait."""
        with self._lock:
            waiting, self._waiting = self._waiting, None
        threading.Thread(target=self._start, args=(cache,), daemon=True).start()
        if waiting is None or waiting.process.poll() is not None:
            return Waiting.start(cache)
        return waiting

    def _start(self, cache: str) -> None:
        with self._lock:
            if self._waiting is None:
                self._waiting = Waiting.start(cache)
