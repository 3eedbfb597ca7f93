"""The bridge: bounded, and kind to the database."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from accounts.models import User
from registry.bridge import Bridge
from tests.registry.driving import DATABASE

THREADS = 3


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    made = Bridge(THREADS)
    yield made
    made.close()


def test_returns_what_the_function_returns_and_raises_what_it_raises(bridge: Bridge) -> None:
    async def both() -> int:
        with pytest.raises(ZeroDivisionError):
            await bridge.call(lambda: 1 // 0)
        return await bridge.call(max, 1, 2, key=lambda number: -number)

    assert asyncio.run(both()) == 1


def test_never_runs_more_at_once_than_it_has_threads(bridge: Bridge) -> None:
    lock = threading.Lock()
    running: list[int] = [0, 0]

    def work() -> None:
        with lock:
            running[0] += 1
            running[1] = max(running)
        time.sleep(0.02)
        with lock:
            running[0] -= 1

    async def many() -> None:
        await asyncio.gather(*(bridge.call(work) for _ in range(12)))

    asyncio.run(many())

    assert running == [0, THREADS]


def test_the_loop_goes_on_meanwhile(bridge: Bridge) -> None:
    async def both() -> bool:
        waiting = asyncio.create_task(bridge.call(time.sleep, 0.2))
        await asyncio.sleep(0.01)
        return waiting.done()

    assert asyncio.run(both()) is False


@DATABASE
class TestTheConnection:
    def use(self, *, times: int, before_each: Callable[[], object] = bool) -> list[Any]:
        """Ask the database from one thread, and return the connections it had."""
        seen = []

        def work() -> None:
            User.objects.count()
            seen.append(connection.connection)
            before_each()

        async def in_turn() -> None:
            for _ in range(times):
                await one.call(work)

        one = Bridge(1)
        asyncio.run(in_turn())
        one.close()
        return seen

    def test_is_kept_between_calls(self) -> None:
        first, second = self.use(times=2)

        assert first is second

    def test_that_is_too_old_is_replaced(self) -> None:
        def make_old() -> None:
            connection.close_at = time.monotonic() - 1

        first, second = self.use(times=2, before_each=make_old)

        assert first is not second

    def test_is_closed_at_the_end(self) -> None:
        (raw,) = self.use(times=1)

        with pytest.raises((sqlite3.ProgrammingError, psycopg.OperationalError)):
            raw.execute("SELECT 1")


def test_can_be_used_again_after_it_was_closed(bridge: Bridge) -> None:
    asyncio.run(bridge.call(int))
    bridge.close()

    assert asyncio.run(bridge.call(int)) == 0
