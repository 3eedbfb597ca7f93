"""What manifests have to do with each other: children of an index, and what speaks of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from catalog.models import Manifest, Tag
from wasmhub.oci import parse_manifest
from wasmhub.oci.media import INDEXES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet


def children_of(manifest: Manifest) -> list[Manifest]:
    """Return the manifests that an index names, however deep."""
    found: dict[str, Manifest] = {}
    unread = [manifest]
    while unread:
        named = _named_by(unread.pop()) - set(found) - {manifest.digest}
        for row in Manifest.objects.filter(extension=manifest.extension_id, digest__in=named):
            found[row.digest] = row
            unread.append(row)
    return list(found.values())


def index_of(manifest: Manifest) -> Manifest | None:
    """Return an index that names the manifest."""
    rows = _indexes(manifest.extension_id).exclude(pk=manifest.pk).iterator(chunk_size=10)
    return next((row for row in rows if manifest.digest in _named_by(row)), None)


def accessories_of(manifest: Manifest) -> Iterator[Manifest]:
    """Yield signatures and their like: what only speaks of this manifest, or of another such."""
    seen = {manifest.digest}
    subjects = [manifest.digest]
    while subjects:
        for row in _speaking_of(manifest.extension_id, subjects.pop()):
            if row.digest not in seen:
                seen.add(row.digest)
                subjects.append(row.digest)
                yield row


def is_named(manifest: Manifest) -> bool:
    """Test that a release, a moving tag or an index names the manifest."""
    tags = Tag.objects.filter(Q(pushed=manifest) | Q(served=manifest))
    return manifest.releases.exists() or tags.exists() or index_of(manifest) is not None


def _indexes(extension_id: int) -> QuerySet[Manifest]:
    rows = Manifest.objects.filter(extension=extension_id, media_type__in=INDEXES)
    return rows.defer("findings")


def _named_by(manifest: Manifest) -> set[str]:
    if manifest.media_type not in INDEXES:
        return set()
    parsed = parse_manifest(bytes(manifest.content), manifest.media_type)
    return {str(child.digest) for child in parsed.manifests}


def _speaking_of(extension_id: int, digest: str) -> Iterator[Manifest]:
    """Yield what has this subject, or its ``sha256-<digest>.*`` tag, and no other name."""
    prefix = digest.replace(":", "-") + "."
    about = Tag.objects.filter(extension=extension_id, name__startswith=prefix)
    others = Tag.objects.filter(extension=extension_id).exclude(name__startswith=prefix)
    rows = Manifest.objects.filter(
        Q(subject=digest) | Q(pk__in=about.values("pushed")),
        extension=extension_id,
        verdict__isnull=True,
        releases__isnull=True,
    )
    yield from rows.exclude(pk__in=others.values("pushed")).defer("content", "findings")
