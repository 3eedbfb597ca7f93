"""
Garbage collection: free what no repository names any more, beside pushes that go on.

Nothing is freed that somebody touched within the grace. Rows are judged and taken away by one
conditional statement each, and bytes go only after their row was marked, so a collector may be
killed anywhere: the next one goes on from there.
"""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from catalog.models import Extension, Manifest, Release
from core import leases
from core.content import DELETING_SECONDS, finish_deleting
from core.errors import ConflictError
from core.models import Content
from registry.models import BlobLink, ManifestBlob, Upload
from registry.services import expire_uploads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GRACE = timedelta(hours=2)
UPLOADS_KEPT = timedelta(hours=24)
LEASE, LEASE_TERM = "collector", timedelta(seconds=15)
RENEWED_EVERY_SECONDS = 3.0
BATCH = 500


def collect(
    *, grace: timedelta = GRACE, dry_run: bool = False, tell: Callable[[str], object] = str
) -> int:
    """
    Free what nothing names and nobody touched for the grace, and return how many things went.

    ``tell`` hears of each. A dry run changes nothing; it judges what is there now, so of content
    that would go after its last link only the link is told.

    :raises ConflictError: another collector is at work
    """
    holder = uuid.uuid4().hex
    freed = 0
    try:
        _go_on(holder)
        cutoff = timezone.now() - grace
        if not dry_run:
            expire_uploads(before=timezone.now() - max(grace, UPLOADS_KEPT))
            _finish_what_was_begun()
        for select, free in (
            (_unnamed_links, _delete),
            (_unlinked_contents, _free_content),
            (_empty_extensions, _delete),
        ):
            for row in _each(select(cutoff), holder):
                # Once more, and in one statement: it may have been touched since it was read.
                if dry_run or free(select(cutoff).filter(pk=row.pk)):
                    tell(f"{type(row).__name__.lower()} {row}")
                    freed += 1
    finally:
        leases.give_up(LEASE, holder=holder)
    return freed


def _go_on(holder: str) -> None:
    if not leases.take(LEASE, holder=holder, term=LEASE_TERM):
        raise ConflictError("Another collector is at work. Should it have died, wait 15 seconds.")


def _unnamed_links(cutoff: datetime) -> QuerySet[Any]:
    named = ManifestBlob.objects.filter(link=OuterRef("pk"))
    return BlobLink.objects.filter(~Exists(named), touched__lt=cutoff)


def _unlinked_contents(cutoff: datetime) -> QuerySet[Any]:
    links = BlobLink.objects.filter(sha256=OuterRef("pk"))
    uploads = Release.objects.filter(upload_sha256=OuterRef("pk"))
    modules = Manifest.objects.filter(module__sha256=OuterRef("pk"))
    return Content.objects.filter(
        ~Exists(links), ~Exists(uploads), ~Exists(modules), touched__lt=cutoff, deleting=None
    )


def _empty_extensions(cutoff: datetime) -> QuerySet[Any]:
    """Select what was opened for an upload that never became anything."""
    inside = [
        Exists(model.objects.filter(extension=OuterRef("pk")))
        for model in (Upload, BlobLink, Manifest, Release)
    ]
    empty = Extension.objects.filter(pushed=None, created__lt=cutoff)
    for each in inside:
        empty = empty.filter(~each)
    return empty


def _finish_what_was_begun() -> None:
    """Finish what a collector that died had marked."""
    long_ago = timezone.now() - timedelta(seconds=DELETING_SECONDS)
    for content in Content.objects.filter(deleting__lt=long_ago):
        finish_deleting(content.sha256)


def _free_content(rows: QuerySet[Any]) -> bool:
    marked = list(rows.values_list("pk", flat=True))
    if not rows.update(deleting=timezone.now()):
        return False
    for sha256 in marked:
        finish_deleting(sha256)
    return True


def _delete(rows: QuerySet[Any]) -> bool:
    with transaction.atomic():
        # Django's own delete() selects first and deletes by key, whatever happened in between.
        return bool(rows._raw_delete(rows.db))  # noqa: SLF001 - see above


def _each(rows: QuerySet[Any], holder: str) -> Iterator[Any]:
    """Yield the rows by key, so that a run ends however much is pushed meanwhile."""
    last = None
    renewed = float("-inf")
    while batch := list((rows.filter(pk__gt=last) if last else rows).order_by("pk")[:BATCH]):
        for row in batch:
            if time.monotonic() - renewed > RENEWED_EVERY_SECONDS:
                _go_on(holder)
                renewed = time.monotonic()
            yield row
        last = batch[-1].pk
