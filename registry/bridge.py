"""
The one way from the event loop to the database and to content: two bounded pools of threads.

A disk or a backing registry that stalls holds up those who wait for its bytes, and nobody else.
Django keeps a database connection per thread; here each thread gives up an old or broken one
before and after each call, as Django does around each request.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.backends.base.base import BaseDatabaseWrapper

THREADS = 16
# These mostly wait, and need no database connection.
CONTENT_THREADS = 32

P = ParamSpec("P")
T = TypeVar("T")


class Bridge:
    """A pool of at most ``threads`` threads that is made on first use and after ``close``."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._connections: list[BaseDatabaseWrapper] = []

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a synchronous function in a thread and return what it returns."""
        work = partial(_between_checks, partial(function, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(self._running(), work)

    def close(self) -> None:
        """End the threads after the calls under way; not for the event loop's own thread."""
        with self._lock:
            pool, self._pool = self._pool, None
            opened, self._connections = self._connections, []
        if pool is not None:
            pool.shutdown()
        for connection in opened:
            connection.close()

    def _running(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(
                    self._threads, thread_name_prefix="registry", initializer=self._register
                )
            return self._pool

    def _register(self) -> None:
        """Remember the thread's connection, so that ``close`` can close it from outside."""
        connection = connections[DEFAULT_DB_ALIAS]
        connection.inc_thread_sharing()
        self._connections.append(connection)


def _between_checks(work: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


bridge = Bridge(THREADS)
call = bridge.call
content_bridge = Bridge(CONTENT_THREADS)
call_content = content_bridge.call
