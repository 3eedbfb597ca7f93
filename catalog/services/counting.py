"""Count pulls, many at a time, and mark what somebody else pulled."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import TYPE_CHECKING

from django.db import connection, transaction

from catalog.models import Manifest, ManifestPull
from catalog.services.holding import hold_manifests

if TYPE_CHECKING:
    from collections.abc import Iterable

# Manifest, person (None is nobody in particular), and when.
Pull = tuple[int, int | None, datetime]

# SQLite takes some ten thousand values in a statement, and no more.
AT_ONCE = 5000
INSIDERS = (
    "extension__namespace__user",
    "extension__namespace__organization__memberships__user",
    "releases__created_by",
)
_ADD = """
INSERT INTO catalog_pullcount (manifest_id, day, count) VALUES (%s, %s, %s)
ON CONFLICT (manifest_id, day) DO UPDATE SET count = catalog_pullcount.count + EXCLUDED.count
"""


@transaction.atomic
def count_pulls(batch: Iterable[Pull]) -> None:
    """
    Add pulls to the counts of their days; pulls of what was deleted meanwhile are dropped.

    A pull by a member of the namespace, or by who made the release, is none by somebody else.
    """
    # In the order of keys, so that of two batches one waits for the other and never both do.
    pulls = sorted(batch, key=itemgetter(0))
    for start in range(0, len(pulls), AT_ONCE):
        _count(pulls[start : start + AT_ONCE])


def _count(pulls: list[Pull]) -> None:
    manifests = Manifest.objects.filter(pk__in={manifest for manifest, _, _ in pulls})
    there = set(hold_manifests(manifests))
    pulls = [pull for pull in pulls if pull[0] in there]
    _add(pulls)
    marked = ManifestPull.objects.filter(manifest__in=there).values_list("manifest", flat=True)
    new = there - set(marked)
    _mark([pull for pull in pulls if pull[0] in new])


def _add(pulls: list[Pull]) -> None:
    counts: Counter[tuple[int, date]] = Counter(
        (manifest, moment.astimezone(UTC).date()) for manifest, _, moment in pulls
    )
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, [(*key, count) for key, count in sorted(counts.items())])


def _mark(pulls: list[Pull]) -> None:
    insiders = _insiders({manifest for manifest, _, _ in pulls})
    first: dict[int, datetime] = {}
    for manifest, person, moment in pulls:
        if person not in insiders.get(manifest, set()):
            first[manifest] = min(moment, first.get(manifest, moment))
    ManifestPull.objects.bulk_create(
        [
            ManifestPull(manifest_id=manifest, first_by_others=moment)
            for manifest, moment in sorted(first.items())
        ],
        ignore_conflicts=True,
    )


def _insiders(manifests: set[int]) -> dict[int, set[int]]:
    """Return for each manifest the people whose pulls let nobody else rely on it."""
    people: dict[int, set[int]] = {manifest: set() for manifest in manifests}
    rows = Manifest.objects.filter(pk__in=manifests)
    for path in INSIDERS:
        for manifest, person in rows.values_list("pk", path).distinct():
            if person is not None:
                people[manifest].add(person)
    return people
