"""
One direction of a stream through its filters: who stops it, what waits, how it goes on.

These are the rules of Envoy's filter manager. Each filter has a slot in each direction; a stopped
slot keeps what comes behind it back. All that is kept back is in one buffer, which filters that
asked for it may change.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

from wasmhub.proxywasm.host.buffers import Buffer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wasmhub.proxywasm.host.headers import HeaderMap


class Status(Enum):
    """What a filter says when it was given something."""

    CONTINUE = "continue"
    STOP = "stop"  # headers: body still comes to this filter. Body: it is dropped
    STOP_AND_BUFFER = "stop and buffer"
    STOP_ALL = "stop all"  # nothing comes to this filter until it goes on


class Steps(Protocol):
    """A filter in one direction, or what stands at the end of it."""

    def headers(self, headers: HeaderMap, *, end: bool) -> Status:
        """Take the headers."""

    def data(self, data: Buffer, *, end: bool) -> Status:
        """Take a piece of the body; it may be changed in place."""

    def trailers(self, trailers: HeaderMap) -> Status:
        """Take the trailers."""


class Slot:
    """Where one filter stands in one direction."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.stopped = False
        self.stopped_all = False
        self.headers_passed = False
        self.ended = False
        self.from_here = False  # what waited has not been seen by this filter itself


class Half:
    """The slots of one direction in order; the last one is the end, which keeps all it gets."""

    def __init__(self, filters: Sequence[Steps], end: Steps, guard: Guard) -> None:
        steps: list[Steps] = [*filters, end]
        self.slots = [Slot(each) for each in steps]
        self.current_headers: HeaderMap | None = None
        self.buffered: Buffer | None = None
        self.current_trailers: HeaderMap | None = None
        self.complete = False  # all of it has come
        self._guard = guard

    def start(self, headers: HeaderMap, *, end: bool) -> None:
        """Let headers come in."""
        self.current_headers = headers
        self.complete = end
        self._headers(None, headers, end=end)

    def feed(self, data: bytes, *, end: bool) -> None:
        """Let a piece of the body come in."""
        self.complete = end
        self._data(None, Buffer(data), end=end)

    def finish(self, trailers: HeaderMap) -> None:
        """Let trailers come in."""
        self.complete = True
        self.current_trailers = trailers
        self._trailers(None, trailers)

    def resume(self, slot: Slot) -> None:
        """Go on behind a filter that had stopped, with all that waits."""
        if self._guard.over(self) or self.current_headers is None:
            return
        slot.from_here = slot.stopped_all
        slot.stopped = slot.stopped_all = False
        if not slot.headers_passed:
            slot.headers_passed = True
            nothing_more = self.buffered is None and self.current_trailers is None
            self._headers(slot, self.current_headers, end=self.complete and nothing_more)
        trailers = self.current_trailers
        if self.buffered is not None:
            self._data(slot, self.buffered, end=self.complete and trailers is None)
        if trailers is not None:
            self._trailers(slot, trailers)
        slot.from_here = False

    def keep(self, data: Buffer) -> None:
        """Put bytes to those that wait, unless it is these that are on their way again."""
        if self.buffered is data:
            return
        if self.buffered is None:
            self.buffered = Buffer()
        self.buffered.take(data)

    def _headers(self, after: Slot | None, headers: HeaderMap, *, end: bool) -> None:
        for slot in self._behind(after, or_here=False):
            slot.ended = end
            with self._guard.inside(self):
                status = slot.steps.headers(headers, end=end)
            self._guard.send_prepared()
            if self._guard.over(self):
                return
            if status == Status.CONTINUE:
                slot.headers_passed = True
            else:
                slot.stopped = True
                slot.stopped_all = status in (Status.STOP_ALL, Status.STOP_AND_BUFFER)
            if slot.stopped:
                return

    def _data(self, after: Slot | None, data: Buffer, *, end: bool) -> None:
        if self._guard.over(self):
            return
        had_trailers = self.current_trailers is not None
        for slot in self._behind(after):
            if slot.stopped_all:
                self.keep(data)
                self._guard.kept(self)
                return
            if slot.ended:
                return
            slot.ended = end and self.current_trailers is None
            with self._guard.inside(self):
                status = slot.steps.data(data, end=slot.ended)
            self._guard.send_prepared()
            if self._guard.over(self):
                return
            added = not had_trailers and self.current_trailers is not None
            end = end and not added
            if not self._passes(slot, status, data):
                return
            if added and self.current_trailers is not None:
                self._data(slot, data, end=False)
                self._trailers(slot, self.current_trailers)
                return

    def _passes(self, slot: Slot, status: Status, data: Buffer) -> bool:
        """Tell whether data goes on behind a filter, after what its answer asks for was done."""
        if status == Status.CONTINUE:
            if slot.stopped:
                self.keep(data)
                self.resume(slot)
                return False
            return True
        slot.stopped = True
        if status == Status.STOP_AND_BUFFER:
            self.keep(data)
            self._guard.kept(self)
        elif self.complete and self.current_trailers is None and self.buffered is None:
            self.buffered = Buffer()  # so that the end of the stream is not lost
        return False

    def _trailers(self, after: Slot | None, trailers: HeaderMap) -> None:
        if self._guard.over(self):
            return
        for slot in self._behind(after):
            if slot.stopped_all:
                return
            slot.ended = True
            with self._guard.inside(self):
                status = slot.steps.trailers(trailers)
            self._guard.send_prepared()
            if self._guard.over(self):
                return
            if status != Status.CONTINUE:
                slot.stopped = True
                return
            if slot.stopped:
                self.resume(slot)
                return

    def _behind(self, after: Slot | None, *, or_here: bool = True) -> Iterator[Slot]:
        """Yield the slots behind one; itself, too, when it has not seen what comes."""
        at = 0 if after is None else self.slots.index(after)
        skipped = 0 if after is None or (or_here and after.from_here) else 1
        yield from self.slots[at + skipped :]


class Guard(Protocol):
    """The stream that a half belongs to."""

    def over(self, half: Half) -> bool:
        """Tell whether nothing may go on in this direction."""

    def inside(self, half: Half) -> Inside:
        """Return what to hold while a filter is called."""

    def send_prepared(self) -> None:
        """Send the answer that was made while a filter was called, if there is one."""

    def kept(self, half: Half) -> None:
        """Look whether too much waits."""


class Inside(Protocol):
    """Held while a filter is called."""

    def __enter__(self) -> None: ...
    def __exit__(self, *_error: object) -> None: ...
