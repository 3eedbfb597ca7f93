"""Keep the index of this data folder up to date with the database."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from django.db import close_old_connections, connection
from django.db.models import Q
from django.utils.functional import cached_property

from catalog.models import SearchChange
from catalog.search import folder
from catalog.search.folder import Position
from catalog.search.schema import documents

if TYPE_CHECKING:
    from pathlib import Path

    import tantivy

logger = logging.getLogger(__name__)

EVERY_SECONDS = 0.25
BATCH = 500
HEAP_BYTES = 50_000_000


def changes_after(position: Position) -> list[tuple[Position, int]]:
    """
    Return the next changes, in an order in which none can come up behind.

    On PostgreSQL a row of an open transaction appears later, with a number that is not below the
    oldest open transaction: so only what lies below that is read, ordered by transaction.
    """
    later = Q(transaction__gt=position.transaction) | Q(
        transaction=position.transaction, pk__gt=position.change
    )
    changes = SearchChange.objects.filter(later).order_by("transaction", "pk")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            changes = changes.filter(transaction__lt=cursor.fetchone()[0])
    rows = changes.values_list("transaction", "pk", "extension_id")[:BATCH]
    return [(Position(number, pk), extension_id) for number, pk, extension_id in rows]


def build() -> Path:
    """Build a new index from the whole database, point at it, and return its folder."""
    place = folder.new()
    position = Position()
    while batch := changes_after(position):
        position = batch[-1][0]
    index = folder.open_index(place)
    writer = index.writer(HEAP_BYTES, 1)
    for _, document in documents():
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    folder.write_position(place, position)
    folder.use(place)
    return place


class Follower:
    """
    The one writer of an index, or a hopeful: tantivy's lock decides.

    ``step`` is one look at the changes; it says whether this process is the writer.
    """

    def __init__(self) -> None:
        self._place: Path | None = None
        self._writer: tantivy.IndexWriter | None = None

    def step(self) -> bool:
        """Follow what has changed since the last step; False when another process does it."""
        place = folder.current()
        if place is None or place != self._place:
            self._open(place)
        if self._writer is None or self._place is None:
            return False
        position = folder.read_position(self._place)
        while batch := changes_after(position):
            position = batch[-1][0]
            self._apply([extension_id for _, extension_id in batch])
            folder.write_position(self._place, position)
        return True

    def _open(self, place: Path | None) -> None:
        self._writer = None
        self._place = place or build()
        try:
            self._writer = folder.open_index(self._place).writer(HEAP_BYTES, 1)
        except ValueError:  # the lock is taken: somebody else follows
            self._place = None

    def _apply(self, extension_ids: list[int]) -> None:
        if self._writer is None:
            return
        ids = sorted(set(extension_ids))
        for extension_id in ids:
            self._writer.delete_documents_by_term("key", str(extension_id))
        for _, document in documents(ids):
            self._writer.add_document(document)
        self._writer.commit()


class FollowerThread(threading.Thread):
    """Follow in the background of a web process."""

    def __init__(self) -> None:
        super().__init__(name="search-follower", daemon=True)
        self._stopped = threading.Event()

    @cached_property
    def _follower(self) -> Follower:
        return Follower()

    def run(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            try:
                close_old_connections()
                self._follower.step()
            except Exception:
                logger.exception("The search index could not follow; the next step tries again.")
                self._stopped.wait(EVERY_SECONDS * 8)
        connection.close()

    def stop(self) -> None:
        self._stopped.set()
        self.join()
