"""Extensions and their releases, as an actor may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from catalog.models import Extension, Manifest, Release, Verdict
from catalog.selectors.manifests import may_publish
from core.errors import NotFoundError
from core.policy import Visibility
from wasmhub.oci import InvalidNameError, Repository, Version

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from core.actor import Actor


NOTHING = "There is no extension of this name that you can see."


def get_extension(*, actor: Actor, namespace: str, name: str) -> Extension:
    """
    Return the extension of this name, or the one that had it before.

    :raises NotFoundError: it is absent, or the actor may not see it as it is now
    """
    try:
        Repository(namespace, name)
    except InvalidNameError:
        raise NotFoundError(NOTHING) from None
    extension = _by_name(Extension.objects.visible_to(actor), namespace, name)
    if extension is None:
        raise NotFoundError(NOTHING)
    return extension


def find_extension(namespace: str, name: str) -> Extension | None:
    """Return the extension of this name, or the one that had it before; ask the policy next."""
    return _by_name(Extension.objects.defer("readme"), namespace, name)


def _by_name(rows: QuerySet[Extension], namespace: str, name: str) -> Extension | None:
    rows = rows.select_related("namespace__user", "namespace__organization")
    # In this order: who just misses a name that is being taken away finds the alias it leaves.
    return (
        rows.filter(namespace__name=namespace, name=name).first()
        or rows.filter(aliases__namespace=namespace, aliases__name=name).first()
    )


def where(extension: Extension) -> dict[str, str]:
    """Return what the policy needs to know of the place; until something passed, it is private."""
    seen_as = extension.visibility if extension.listed else Visibility.PRIVATE.value
    return {"namespace": extension.namespace.name, "visibility": seen_as}


def on_display() -> QuerySet[Manifest]:
    """Return the manifests that lists and search are made of: passed, and not only yanked."""
    passed = Manifest.objects.filter(verdict=Verdict.PASSED)
    unreleased = Q(releases__isnull=True, converted_from__isnull=True)  # forms follow originals
    return passed.filter(unreleased | Q(releases__yanked=""))


def releases_of(*, actor: Actor, extension: Extension) -> list[Release]:
    """Return the releases the actor may see, the highest version first."""
    releases = extension.releases.select_related("manifest__module", "created_by").defer(
        "manifest__content", "manifest__module__facts"
    )
    if not may_publish(actor, extension):
        releases = releases.filter(manifest__verdict=Verdict.PASSED)
    return sorted(releases, key=lambda each: Version.parse(each.version), reverse=True)


def newest_release(releases: list[Release]) -> Release | None:
    """
    Return the release that stands for the extension, of a list with the highest first.

    That is the newest that passed and is no pre-release, else the newest that passed, else the
    newest of all. What was yanked stands for it only when there is nothing else.
    """
    offered = [each for each in releases if not each.yanked]
    passed = [each for each in offered if each.verdict == Verdict.PASSED]
    stable = [each for each in passed if not Version.parse(each.version).is_prerelease]
    return next(iter(stable or passed or offered or releases), None)
