"""What one trial may use, and the account of what it has used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one trial may use; the defaults suit a filter on one request."""

    fuel: int = 500_000_000  # instructions of each module, about half a second
    seconds: float = 5.0  # for running, not for compiling
    memory_bytes: int = 128 * MEBIBYTE  # of each module; Envoy gives 1 GiB
    stack_bytes: int = 512 * 1024
    table_elements: int = 100_000
    logs: int = 1_000
    log_bytes: int = 256 * 1024
    calls: int = 100
    ticks: int = 100
    events: int = 10_000
    kept_bytes: int = 16 * MEBIBYTE  # what the host keeps for the module: bodies, shared data, …


class LimitReachedError(Exception):
    """A trial used more than it may; the text is a sentence that names the limit."""


class Meter:
    """Counts what a trial uses; every method raises LimitReachedError when it was too much."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._logs = self._log_bytes = self._calls = self._ticks = self._events = self._kept = 0

    def log(self, size: int) -> None:
        """Count a line of the log, ``size`` in bytes."""
        self._logs += 1
        self._log_bytes += size
        if self._logs > self.limits.logs:
            raise LimitReachedError(f"The filter logged more than {self.limits.logs} lines.")
        if self._log_bytes > self.limits.log_bytes:
            raise LimitReachedError(f"The filter logged more than {self.limits.log_bytes} bytes.")

    def call(self) -> None:
        """Count a callout, HTTP or gRPC."""
        self._calls += 1
        if self._calls > self.limits.calls:
            raise LimitReachedError(f"The filter made more than {self.limits.calls} callouts.")

    def tick(self) -> None:
        """Count a tick of a timer."""
        self._ticks += 1
        if self._ticks > self.limits.ticks:
            raise LimitReachedError(
                f"The request still waited after {self.limits.ticks} ticks of the filter's timer."
            )

    def event(self) -> None:
        """Count a message of a shared queue or of a stream."""
        self._events += 1
        if self._events > self.limits.events:
            raise LimitReachedError(
                f"The filter caused more than {self.limits.events} events, one after the other."
            )

    def keep(self, size: int) -> None:
        """Count bytes that the host keeps for the module."""
        self._kept += size
        if self._kept > self.limits.kept_bytes:
            raise LimitReachedError(
                f"The filter made the proxy keep more than {self.limits.kept_bytes} bytes."
            )
