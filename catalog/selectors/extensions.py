"""Extensions and their releases, as an actor may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.models import Extension, Release, Verdict
from catalog.selectors.manifests import may_publish
from core.errors import NotFoundError
from wasmhub.oci import InvalidNameError, Repository, Version

if TYPE_CHECKING:
    from core.actor import Actor


NOTHING = "There is no extension of this name that you can see."


def get_extension(*, actor: Actor, namespace: str, name: str) -> Extension:
    """
    Return the extension.

    :raises NotFoundError: it is absent, or the actor may not see it
    """
    try:
        Repository(namespace, name)
    except InvalidNameError:
        raise NotFoundError(NOTHING) from None
    extension = (
        Extension.objects.visible_to(actor)
        .select_related("namespace__user", "namespace__organization")
        .filter(namespace__name=namespace, name=name)
        .first()
    )
    if extension is None:
        raise NotFoundError(NOTHING)
    return extension


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
    newest of all.
    """
    passed = [each for each in releases if each.verdict == Verdict.PASSED]
    stable = [each for each in passed if not Version.parse(each.version).is_prerelease]
    return next(iter(stable or passed or releases), None)
