"""Namespaces, repositories and tags with something to offer: lists for clients of registries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Max, Q, Sum

from catalog.models import Extension, PullCount, Release, Tag
from catalog.selectors.extensions import on_display
from core.policy import Visibility
from wasmhub.oci import Version

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from catalog.models import Manifest
    from core.actor import Actor

# These lists are not paged, because their readers do not turn pages.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Project:
    """A namespace and how many repositories in it have something to offer."""

    id: int
    name: str
    owner_id: int
    owner_name: str
    is_public: bool
    repositories: int
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class FoundRepository:
    """An extension that a search found."""

    project_id: int
    project: str
    name: str
    is_public: bool
    pulls: int
    tags: int


@dataclass(frozen=True, slots=True)
class OfferedTag:
    """A release or a moving tag, and what readers get by it."""

    name: str
    digest: str
    size: int
    abi: str
    is_release: bool
    created: datetime
    pushed: datetime


def projects(*, actor: Actor) -> list[Project]:
    """Return the namespaces in which the actor sees something to offer, by name."""
    rows = (
        Extension.objects.visible_to(actor)
        .filter(pk__in=on_display().values("extension"))
        .values_list("namespace", "namespace__name", "namespace__created")
        .annotate(
            owner=Max("namespace__user"),
            owner_name=Max("namespace__user__username"),
            public=Count("pk", filter=Q(visibility=Visibility.PUBLIC)),
            repositories=Count("pk"),
            last=Max("updated"),
        )
        .order_by("namespace__name")[:MOST]
    )
    return [
        # Who owns an organization is for its members to know.
        Project(pk, name, owner or 0, owner_name or "", public > 0, repositories, created, updated)
        for pk, name, created, owner, owner_name, public, repositories, updated in rows
    ]


def repository_names(*, actor: Actor, project_id: int) -> list[str]:
    """Return the repositories of a namespace that the actor sees; none if there is no such."""
    rows = (
        Extension.objects.visible_to(actor)
        .filter(pk__in=on_display().values("extension"), namespace=project_id)
        .order_by("name")
        .values_list("namespace__name", "name")[:MOST]
    )
    return [f"{namespace}/{name}" for namespace, name in rows]


def found_repositories(*, actor: Actor, ids: Iterable[int]) -> list[FoundRepository]:
    """Return the extensions in the order of the ids, of those that the actor may see."""
    ids = list(ids)
    visible = Extension.objects.visible_to(actor).filter(pk__in=ids)
    rows = {row.pk: row for row in visible.select_related("namespace").defer("readme")}
    pulls = dict(
        PullCount.objects.filter(manifest__extension__in=rows)
        .values_list("manifest__extension")
        .annotate(Sum("count"))
    )
    offered = on_display()
    counts = [
        dict(kind.values_list("extension").annotate(Count("pk")))
        for kind in (
            Release.objects.filter(extension__in=rows, manifest__in=offered, yanked=""),
            Tag.objects.filter(extension__in=rows, served__in=offered),
        )
    ]
    return [
        FoundRepository(
            project_id=row.namespace_id,
            project=row.namespace.name,
            name=str(row),
            is_public=row.visibility == Visibility.PUBLIC,
            pulls=pulls.get(row.pk, 0),
            tags=sum(count.get(row.pk, 0) for count in counts),
        )
        for row in (rows[pk] for pk in ids if pk in rows)
    ]


def offered_tags(*, extension: Extension) -> list[OfferedTag]:
    """Return what readers get by which tag: releases, the highest first, then moving tags."""
    unread = ("content", "findings", "module__facts")
    releases = (
        extension.releases.filter(manifest__in=on_display(), yanked="")
        .select_related("manifest__module")
        .defer(*(f"manifest__{field}" for field in unread))
        .order_by("-pk")[:MOST]
    )
    tags = (
        extension.tags.filter(served__in=on_display())
        .select_related("served__module")
        .defer(*(f"served__{field}" for field in unread))
        .order_by("name")[:MOST]
    )
    highest = sorted(releases, key=lambda row: Version.parse(row.version), reverse=True)
    return [
        *(_offered(row.tag, row.manifest, row.created, release=True) for row in highest),
        *(_offered(row.name, row.served, row.updated, release=False) for row in tags),
    ]


def _offered(
    name: str, manifest: Manifest | None, pushed: datetime, *, release: bool
) -> OfferedTag:
    module = manifest.module if manifest else None
    if manifest is None or module is None:
        raise ValueError("only what passed is offered, and that has a module")
    return OfferedTag(
        name=name,
        digest=manifest.digest,
        size=module.size,
        abi=module.summary.get("abi") or "",
        is_release=release,
        created=manifest.created,
        pushed=pushed,
    )
