"""The search index follows the database and skips nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from catalog.models import Extension, Manifest, SearchChange, Verdict
from catalog.search import SearchRequest, search
from catalog.search.folder import Position, current
from catalog.search.follower import Follower, build, changes_after
from catalog.services import edit_extension, note_change
from core.actor import ANONYMOUS, Actor
from tests.catalog.conftest import Push

pytestmark = pytest.mark.django_db(transaction=True)


def found(text: str, actor: Actor = ANONYMOUS) -> list[int]:
    return search(actor=actor, request=SearchRequest(text=text)).ids


def others_end() -> None:
    """
    Wait for the transactions that are open now.

    PostgreSQL has one horizon for all its databases: what another test does in its own database
    holds back ours for as long as it takes.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        begun = cursor.fetchone()[0]
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            if cursor.fetchone()[0] >= begun:
                return
            time.sleep(0.01)


def follow(follower: Follower) -> bool:
    others_end()
    return follower.step()


def test_what_passed_is_found_and_what_changes_follows(
    push: Push,
    judge: Callable[[Manifest, Verdict], None],
    extension: Extension,
    alice: Actor,
) -> None:
    follower = Follower()
    manifest = push("one", "1.0.0")
    follow(follower)
    assert found("jwt") == []

    judge(manifest, Verdict.PASSED)
    follow(follower)
    assert found("jwt") == [extension.pk]

    extension.refresh_from_db()
    edit_extension(actor=alice, extension=extension, changes={"description": "checks badges"})
    follow(follower)
    assert found("badges") == [extension.pk]

    edit_extension(actor=alice, extension=extension, changes={"visibility": "private"})
    follow(follower)
    assert found("jwt") == []
    assert found("jwt", alice) == [extension.pk]


def test_of_two_followers_one_writes() -> None:
    first, second = Follower(), Follower()

    assert follow(first)
    assert not follow(second)
    del first

    assert follow(second)


def test_a_new_index_is_swapped_in_and_followed(
    push: Push, judge: Callable[[Manifest, Verdict], None], extension: Extension
) -> None:
    follower = Follower()
    follow(follower)
    before = current()

    build()
    judge(push("one", "1.0.0"), Verdict.PASSED)
    follow(follower)

    assert current() != before
    assert found("jwt") == [extension.pk]


def test_a_change_of_a_transaction_that_ends_late_is_not_skipped() -> None:
    """
    Two transactions overlap, and the one that began first commits last.

    On SQLite the second one cannot begin before the first one is over; there the order of ids is
    the order of commits, which the same steps show.
    """
    started, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                note_change(1)
                started.set()
                if connection.vendor == "postgresql":
                    go_on.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    started.wait(10)
    if connection.vendor != "postgresql":
        thread.join()
    note_change(2)
    seen: list[int] = []
    position = Position()
    for _ in range(2):
        while batch := changes_after(position):
            seen += [extension_id for _, extension_id in batch]
            position = batch[-1][0]
        go_on.set()
        thread.join()
        others_end()

    assert sorted(seen) == [1, 2]
    assert SearchChange.objects.count() == 2
