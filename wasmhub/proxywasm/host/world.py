"""What all filters of a trial share: clock, log, shared data, queues, metrics, answers."""

from __future__ import annotations

import heapq
import itertools
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wasmhub.proxywasm.host.outcome import Received
from wasmhub.proxywasm.host.results import LOG_LEVELS, MetricType, RefusedError, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wasmhub.proxywasm.host.callouts import Call
    from wasmhub.proxywasm.host.headers import HeaderMap
    from wasmhub.proxywasm.host.limits import Meter
    from wasmhub.proxywasm.host.trial import Reply, Response

UPSTREAM: str = "upstream"  # the cluster that the request is routed to


class Clock:
    """The real time, and what is waited for by jumping ahead."""

    def __init__(self) -> None:
        self._ahead = 0

    def now(self) -> int:
        """Return nanoseconds since 1970."""
        return time.time_ns() + self._ahead

    def monotonic(self) -> int:
        """Return nanoseconds since some moment."""
        return time.monotonic_ns() + self._ahead

    def jump_to(self, moment: int) -> None:
        """Let monotonic time be at least this."""
        self._ahead += max(0, moment - self.monotonic())


class Agenda:
    """What will happen outside of the module, in order of time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._order = itertools.count()
        self._soon: deque[Callable[[], None]] = deque()
        self._later: list[tuple[int, int, Callable[[], None]]] = []

    def soon(self, action: Callable[[], None]) -> None:
        """Do this as soon as no module runs."""
        self._soon.append(action)

    def later(self, nanoseconds: int, action: Callable[[], None]) -> None:
        """Do this after a time."""
        moment = self._clock.monotonic() + nanoseconds
        heapq.heappush(self._later, (moment, next(self._order), action))

    def run_one(self) -> bool:
        """Do one thing that is due; False when there is none."""
        if self._soon:
            self._soon.popleft()()
            return True
        return False

    def run_soon(self) -> None:
        """Do all that is due, and what follows from it."""
        while self.run_one():
            pass

    def run_next(self) -> bool:
        """Do the next thing, jumping ahead in time; False when there is none."""
        if self.run_one():
            return True
        if not self._later:
            return False
        moment, _, action = heapq.heappop(self._later)
        self._clock.jump_to(moment)
        action()
        return True


class SharedData:
    """Keys and values that filters share, each with a number that changes on every write."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._values: dict[bytes, tuple[bytes, int]] = {}
        self._numbers = itertools.count(1)

    def get(self, key: bytes) -> tuple[bytes, int]:
        """Return value and number."""
        if key not in self._values:
            raise RefusedError(Result.NOT_FOUND)
        return self._values[key]

    def set(self, key: bytes, value: bytes, cas: int) -> None:
        """Write a value, unless ``cas`` is not 0 and not its number."""
        before = self._values.get(key)
        if before and cas not in (0, before[1]):
            raise RefusedError(Result.CAS_MISMATCH)
        self._meter.keep(len(key) + len(value))
        self._values[key] = (value, next(self._numbers))


@dataclass
class Queue:
    """A shared queue; ``ready`` tells whoever registered it last that there is something."""

    ready: Callable[[], None]
    items: deque[bytes] = field(default_factory=deque)


class SharedQueues:
    """Queues by number; the numbers by name."""

    def __init__(self, meter: Meter, agenda: Agenda) -> None:
        self._meter = meter
        self._agenda = agenda
        self._tokens: dict[tuple[bytes, bytes], int] = {}
        self._queues: dict[int, Queue] = {}

    def register(self, vm_id: bytes, name: bytes, ready: Callable[[int], None]) -> int:
        """Return the queue's number; whoever registers last is told of new items."""
        self._meter.keep(len(name))
        token = self._tokens.setdefault((vm_id, name), len(self._tokens) + 1)
        before = self._queues.get(token)
        self._queues[token] = Queue(lambda: ready(token), before.items if before else deque())
        return token

    def resolve(self, vm_id: bytes, name: bytes) -> int:
        """Return the number of a queue by its name."""
        token = self._tokens.get((vm_id, name))
        if token is None:
            raise RefusedError(Result.NOT_FOUND)
        return token

    def enqueue(self, token: int, value: bytes) -> None:
        """Put an item at the end."""
        queue = self._queue(token)
        self._meter.event()
        self._meter.keep(len(value))
        queue.items.append(value)
        self._agenda.soon(queue.ready)

    def dequeue(self, token: int) -> bytes:
        """Take the first item."""
        queue = self._queue(token)
        if not queue.items:
            raise RefusedError(Result.EMPTY)
        return queue.items.popleft()

    def _queue(self, token: int) -> Queue:
        if token not in self._queues:
            raise RefusedError(Result.NOT_FOUND)
        return self._queues[token]


class Metrics:
    """Counters, gauges and histograms; one of a name is the same for all filters."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self.values: dict[tuple[MetricType, bytes], int] = {}

    def define(self, kind: MetricType, name: bytes) -> tuple[MetricType, bytes]:
        """Return the key of a metric, a new one or the old one of that name."""
        self._meter.keep(len(name) + 16)
        self.values.setdefault((kind, name), 0)
        return kind, name


class Script:
    """The answers that callouts get, in the order in which they are written down."""

    def __init__(self, replies: Iterable[Reply]) -> None:
        self._replies = list(replies)
        self._used: set[int] = set()
        self.clusters = {UPSTREAM} | {each.cluster for each in self._replies}

    def reply(self, cluster: str, path: str) -> Reply | None:
        """Return the next unused answer for a call, else the last one that was used for it."""
        fitting = [
            at
            for at, each in enumerate(self._replies)
            if each.cluster == cluster and each.path in (None, path)
        ]
        if not fitting:
            return None
        at = next((each for each in fitting if each not in self._used), fitting[-1])
        self._used.add(at)
        return self._replies[at]


class World:
    """All that surrounds the filters of one trial."""

    def __init__(self, meter: Meter, script: Script) -> None:
        self.meter = meter
        self.script = script
        self.clock = Clock()
        self.agenda = Agenda(self.clock)
        self.shared_data = SharedData(meter)
        self.queues = SharedQueues(meter, self.agenda)
        self.metrics = Metrics(meter)
        self.logs: list[dict[str, str]] = []
        self.calls: list[dict[str, Any]] = []
        self.upstream: Callable[[Received], Response] | None = None

    def answer(self, call: Call, trailers: HeaderMap) -> Response | None:
        """Return what a call is answered with: by the script, or by the upstream itself."""
        reply = self.script.reply(call.cluster, call.headers.text(":path"))
        if reply is None and call.cluster == UPSTREAM and self.upstream:
            return self.upstream(Received(list(call.headers), call.body, list(trailers)))
        return reply

    def log(self, level: int, message: bytes) -> None:
        """Keep a line that a filter, or the proxy about it, wrote."""
        self.meter.log(len(message))
        text = message.decode(errors="replace")
        self.logs.append({"level": LOG_LEVELS[level], "message": text})
