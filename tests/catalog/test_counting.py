"""Pulls: counted by day, and marked when somebody else pulled."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.actors import actor_for
from accounts.models import User
from catalog.models import Extension, Manifest, ManifestPull, PullCount
from catalog.services import count_pulls
from core.actor import Actor
from tests.catalog.conftest import release, together

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_add_up_by_day(owner: Actor, shared: Extension) -> None:
    one = release(owner, shared, "one", "1.0.0")
    two = release(owner, shared, "two", "1.1.0")

    count_pulls([(one.pk, None, NOON)] * 3 + [(two.pk, owner.user_id, NOON)])
    count_pulls([(one.pk, None, NOON), (one.pk, None, NOON + timedelta(hours=12))])
    count_pulls([])

    rows = PullCount.objects.order_by("manifest", "day").values_list("manifest", "day", "count")
    assert list(rows) == [
        (one.pk, date(2026, 11, 23), 4),
        (one.pk, date(2026, 11, 24), 1),
        (two.pk, date(2026, 11, 23), 1),
    ]


def test_of_members_owners_and_who_made_it_are_nobody_elses(
    owner: Actor, bob: Actor, mallory: Actor, shared: Extension, extension: Extension
) -> None:
    theirs = release(owner, shared, "one", "1.0.0")
    alices = release(owner, extension, "two", "1.0.0")
    count_pulls([(theirs.pk, person.user_id, NOON) for person in (owner, bob)])
    count_pulls([(alices.pk, owner.user_id, NOON)])
    assert not ManifestPull.objects.exists()

    count_pulls([(alices.pk, bob.user_id, NOON)])
    assert ManifestPull.objects.get().manifest == alices
    count_pulls([(theirs.pk, mallory.user_id, NOON + timedelta(1)), (theirs.pk, None, NOON)])
    count_pulls([(theirs.pk, None, NOON - timedelta(1))])

    assert ManifestPull.objects.get(manifest=theirs).first_by_others == NOON
    made_by_mallory = release(owner, shared, "three", "1.2.0")
    made_by_mallory.releases.update(created_by=User.objects.get(username="mallory"))
    count_pulls([(made_by_mallory.pk, mallory.user_id, NOON)])
    assert not ManifestPull.objects.filter(manifest=made_by_mallory).exists()


def test_of_a_former_member_are_somebody_elses(owner: Actor, bob: Actor, shared: Extension) -> None:
    manifest = release(owner, shared, "one", "1.0.0")
    actor_for(User.objects.get(username="bob"))
    User.objects.get(username="bob").memberships.all().delete()

    count_pulls([(manifest.pk, bob.user_id, NOON)])

    assert ManifestPull.objects.get().manifest == manifest


def test_of_a_flood_are_counted_too(owner: Actor, shared: Extension) -> None:
    manifest = release(owner, shared, "one", "1.0.0")

    count_pulls((manifest.pk + number % 40_000, None, NOON) for number in range(80_000))

    assert PullCount.objects.get().count == 2


def test_of_what_is_gone_are_dropped(owner: Actor, shared: Extension) -> None:
    manifest = release(owner, shared, "one", "1.0.0")

    count_pulls([(manifest.pk, None, NOON), (manifest.pk + 1, None, NOON)])

    assert PullCount.objects.get().count == 1


@pytest.mark.django_db(transaction=True)
def test_at_the_same_moment_are_all_counted(owner: Actor, shared: Extension) -> None:
    keys = [release(owner, shared, word, None).pk for word in ("one", "two", "three")]

    def count(order: list[int]) -> None:
        count_pulls([(key, None, NOON) for key in order for _ in range(2)])

    raised = together(*(lambda n=n: count(keys[n:] + keys[:n]) for n in (0, 1, 2)))

    assert raised == [None] * 3
    assert set(PullCount.objects.values_list("count", flat=True)) == {6}
    assert ManifestPull.objects.count() == Manifest.objects.count() == 3
