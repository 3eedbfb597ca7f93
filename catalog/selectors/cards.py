"""An extension as lists show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Prefetch
from django.urls import reverse

from catalog.models import Extension, Release, Verdict
from catalog.selectors.extensions import newest_release, on_display
from catalog.selectors.manifests import may_publish
from wasmhub.oci import Version

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import QuerySet

    from core.actor import Actor


@dataclass(frozen=True, slots=True)
class Card:
    """What a row of a list says of an extension."""

    path: str
    namespace: str
    name: str
    title: str
    description: str
    url: str
    license: str
    category_label: str
    visibility: str
    updated: datetime
    version: str | None = None
    verdict: str | None = None
    abi: str | None = None
    language: str | None = None
    contexts: list[str] = field(default_factory=list)


def cards_of(*, actor: Actor, ids: Iterable[int]) -> list[Card]:
    """Return cards in the order of the ids, of those extensions that the actor may see."""
    ids = list(ids)
    rows = {row.pk: row for row in _with_releases(Extension.objects.visible_to(actor), ids)}
    return [_card(rows[pk], may_publish(actor, rows[pk])) for pk in ids if pk in rows]


def recent_cards(*, actor: Actor, limit: int) -> list[Card]:
    """Return the extensions that were updated last, of those with something to offer."""
    return cards_of(actor=actor, ids=_listed(actor).order_by("-updated", "-pk")[:limit])


def namespace_cards(*, actor: Actor, namespace: str) -> list[Card]:
    """Return all extensions of a namespace that the actor may see, by name."""
    visible = Extension.objects.visible_to(actor).filter(namespace__name=namespace)
    return cards_of(actor=actor, ids=visible.order_by("name").values_list("pk", flat=True))


def counts(*, actor: Actor) -> dict[str, int]:
    """Count what is listed for the actor: extensions, their passed releases, their publishers."""
    listed = _listed(actor)
    passed = Release.objects.filter(
        extension__in=listed, manifest__verdict=Verdict.PASSED, yanked=""
    )
    return {
        "extensions": listed.count(),
        "releases": passed.count(),
        "publishers": Extension.objects.filter(pk__in=listed)
        .values("namespace")
        .distinct()
        .count(),
    }


def _listed(actor: Actor) -> QuerySet[Extension, int]:
    visible = Extension.objects.visible_to(actor).filter(pk__in=on_display().values("extension"))
    return visible.values_list("pk", flat=True)


def _with_releases(visible: QuerySet[Extension], ids: list[int]) -> QuerySet[Extension]:
    releases = Release.objects.select_related("manifest__module").defer(
        "manifest__content", "manifest__findings", "manifest__module__facts"
    )
    return (
        visible.filter(pk__in=ids)
        .select_related("namespace")
        .defer("readme")
        .prefetch_related(Prefetch("releases", queryset=releases))
    )


def _card(extension: Extension, publisher: bool) -> Card:  # noqa: FBT001 - the signature is not ours
    rows = [row for row in extension.releases.all() if not row.yanked]
    seen = [row for row in rows if publisher or row.verdict == Verdict.PASSED]
    release = newest_release(sorted(seen, key=lambda row: Version.parse(row.version), reverse=True))
    module = release.manifest.module if release and release.manifest else None
    facts = module.summary if module and release and release.verdict == Verdict.PASSED else {}
    namespace = extension.namespace.name
    return Card(
        path=str(extension),
        namespace=namespace,
        name=extension.name,
        title=extension.title,
        description=extension.description,
        url=reverse("catalog:extension", args=[namespace, extension.name]),
        license=extension.license,
        category_label=extension.get_category_display(),
        visibility=extension.visibility,
        updated=extension.updated,
        version=release.version if release else None,
        verdict=release.verdict if release else None,
        abi=facts.get("abi"),
        language=facts.get("language"),
        contexts=facts.get("contexts", []),
    )
