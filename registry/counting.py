"""Count pulls without slowing them: one per client and digest a minute, written in batches."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from django.utils import timezone

from catalog.services import count_pulls
from registry.bridge import call

if TYPE_CHECKING:
    from datetime import datetime

logger = logging.getLogger(__name__)

WRITTEN_EVERY_SECONDS = 1.0
COUNTED_EVERY_SECONDS = 60.0
# Clients and pulls that are remembered; a flood of them is counted too low, never kept.
MOST = 100_000


class Pulls:
    """What was pulled and is not written yet. It belongs to the event loop's thread."""

    def __init__(self) -> None:
        self._unwritten: list[tuple[int, int | None, datetime]] = []
        self._seen: dict[tuple[object, int], float] = {}
        self._writing: asyncio.Task[None] | None = None

    def note(self, manifest_id: int, *, user_id: int | None, client: object) -> None:
        """Count a pull of a manifest, unless this client's last one was within a minute."""
        key, now = (client, manifest_id), time.monotonic()
        if now - self._seen.get(key, float("-inf")) < COUNTED_EVERY_SECONDS:
            return
        self._seen.pop(key, None)
        self._seen[key] = now  # the last one now
        if len(self._seen) > MOST:
            del self._seen[next(iter(self._seen))]
        if len(self._unwritten) < MOST:
            self._unwritten.append((manifest_id, user_id, timezone.now()))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write_soon())

    def flush(self) -> None:
        """Write what is left; for the end of the process."""
        batch, self._unwritten = self._unwritten, []
        if batch:
            count_pulls(batch)

    async def _write_soon(self) -> None:
        await asyncio.sleep(WRITTEN_EVERY_SECONDS)
        batch, self._unwritten = self._unwritten, []
        try:
            await call(count_pulls, batch)
        except Exception:
            logger.exception("Pulls could not be counted; the next batch takes them along.")
            self._unwritten = batch + self._unwritten


pulls = Pulls()
