"""
What the registry remembers, so that a fleet that restarts does not ask the database for each pull.

Decisions (who asks, which manifest a name means, whether a blob may be read) count for two seconds
from when they were begun, by the clock, and only for reads. A write forgets its repository at
once, so whoever wrote reads what they wrote. What is decided from another decision counts no
longer than that one. Everything here belongs to the event loop's thread.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

SECONDS = 2.0

V = TypeVar("V")


class Decided(NamedTuple, Generic[V]):
    """What was decided, and until when by ``time.monotonic`` it counts."""

    value: V
    until: float


class Decisions(Generic[V]):
    """Remember what was decided, by scope and key, up to a weight; several askers decide once."""

    def __init__(self, most: int, *, weigh: Callable[[V], int] = lambda _value: 1) -> None:
        self._most = most
        self._weigh = weigh
        self._weight = 0
        # In the order of time: the first is the oldest.
        self._decided: dict[tuple[str, Hashable], Decided[V]] = {}
        self._deciding: dict[tuple[str, Hashable], tuple[asyncio.Future[Decided[V]], float]] = {}
        self._keys: dict[str, set[Hashable]] = {}

    async def of(
        self,
        scope: str,
        key: Hashable,
        decide: Callable[[], Awaitable[V]],
        *,
        until: float = math.inf,
    ) -> Decided[V]:
        """
        Return what was decided within the last two seconds, or decide; failures do not count.

        ``until`` is how long that counts from which ``decide`` decides.
        """
        now = time.monotonic()
        entry = self._decided.get((scope, key))
        if entry is not None and entry.until > now:
            return entry
        deciding, its_until = self._deciding.get((scope, key), (None, -math.inf))
        # A loop of its own for each request is what tests have.
        if (
            deciding is None
            or its_until < now
            or deciding.get_loop() is not asyncio.get_running_loop()
        ):
            until = min(until, now + SECONDS)
            deciding = asyncio.ensure_future(self._decide(scope, key, decide, until))
            self._deciding[scope, key] = deciding, until
        # One asker who hangs up does not take the answer from the others.
        return await asyncio.shield(deciding)

    def forget(self, scope: str) -> None:
        """Decide anew from here on; what is being decided now is for those who wait already."""
        for key in self._keys.pop(scope, ()):
            self._drop((scope, key))
        for place in [place for place in self._deciding if place[0] == scope]:
            del self._deciding[place]

    def clear(self) -> None:
        """Forget everything."""
        self._decided.clear()
        self._deciding.clear()
        self._keys.clear()
        self._weight = 0

    async def _decide(
        self, scope: str, key: Hashable, decide: Callable[[], Awaitable[V]], until: float
    ) -> Decided[V]:
        place, mine = (scope, key), asyncio.current_task()
        try:
            decided = Decided(await decide(), until)
            if self._deciding.get(place, (None,))[0] is mine:
                self._keep(place, decided)
            return decided
        finally:
            if self._deciding.get(place, (None,))[0] is mine:
                del self._deciding[place]

    def _keep(self, place: tuple[str, Hashable], decided: Decided[V]) -> None:
        self._drop(place)
        self._decided[place] = decided
        self._keys.setdefault(place[0], set()).add(place[1])
        self._weight += self._weigh(decided.value)
        while self._weight > self._most:
            self._drop(next(iter(self._decided)))

    def _drop(self, place: tuple[str, Hashable]) -> None:
        entry = self._decided.pop(place, None)
        if entry is None:
            return
        self._weight -= self._weigh(entry.value)
        keys = self._keys.get(place[0])
        if keys is not None:
            keys.discard(place[1])
            if not keys:
                del self._keys[place[0]]
