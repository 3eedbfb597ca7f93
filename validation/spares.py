"""
Children that are started before anybody needs them: importing an engine takes longer than a trial.

Each runs one trial and ends. The one that waits ends by itself when this process does, for it then
reads the end of its standard input.
"""

from __future__ import annotations

import threading

from validation.children import Child


class Spares:
    """The one child that waits in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Child | None = None

    def take(self, cache: str) -> Child:
        """Return a child for one trial, and have another one wait."""
        with self._lock:
            waiting, self._waiting = self._waiting, None
        threading.Thread(target=self._start, args=(cache,), daemon=True).start()
        if waiting is None or waiting.process.poll() is not None:
            return Child.start("try", cache)
        return waiting

    def _start(self, cache: str) -> None:
        with self._lock:
            if self._waiting is None:
                self._waiting = Child.start("try", cache)
