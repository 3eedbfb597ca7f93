"""Which manifest a name means, and who gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from catalog.models import Extension, Manifest, Release, Tag, Verdict
from core.errors import NotFoundError
from core.policy import Permission, allows
from wasmhub.oci import Version, is_release_tag

if TYPE_CHECKING:
    from core.actor import Actor

SEVERITIES = ("error", "warning", "note")


def may_publish(actor: Actor, extension: Extension) -> bool:
    """Test that the actor may publish to the extension, and so sees what is pending or failed."""
    return allows(actor, Permission.EXTENSION_PUBLISH, namespace=extension.namespace.name)


def get_release(*, actor: Actor, extension: Extension, version: str) -> Release:
    """
    Return the release of a version, with or without its v.

    :raises NotFoundError: it is absent, or has not passed and the actor may not publish
    """
    release = None
    if is_release_tag(version):
        canonical = str(Version.parse(version))
        release = (
            extension.releases.select_related("manifest__module").filter(version=canonical).first()
        )
    if release is None or not (release.verdict == Verdict.PASSED or may_publish(actor, extension)):
        raise NotFoundError("There is no release of this version that you can see.")
    return release


def resolve_manifest(*, actor: Actor, extension: Extension, reference: str) -> Manifest:
    """
    Return the manifest that a tag or a digest names for this actor.

    :raises NotFoundError: nothing has this name, or the actor may not have it
    """
    publisher = may_publish(actor, extension)
    if ":" in reference:
        manifest = extension.manifests.filter(digest=reference).first()
    else:
        manifest = _by_tag(extension, reference, pushed=publisher)
    if manifest is None or not (publisher or manifest.is_readable):
        raise NotFoundError("There is no manifest of this name that you can see.")
    return manifest


def _by_tag(extension: Extension, tag: str, *, pushed: bool) -> Manifest | None:
    if is_release_tag(tag):
        release = (
            extension.releases.select_related("manifest")
            .filter(version=str(Version.parse(tag)))
            .first()
        )
        return release.manifest if release else None
    moving = extension.tags.select_related("pushed", "served").filter(name=tag).first()
    if moving is not None:
        return moving.pushed if pushed else moving.served
    return _latest(extension) if tag == "latest" else None


def _latest(extension: Extension) -> Manifest | None:
    """Return the newest passed release that is no pre-release: what ``latest`` means untold."""
    passed = extension.releases.filter(manifest__verdict=Verdict.PASSED)
    versions = {Version.parse(each): each for each in passed.values_list("version", flat=True)}
    stable = [each for each in versions if not each.is_prerelease]
    if not stable:
        return None
    release = extension.releases.select_related("manifest").get(version=versions[max(stable)])
    return release.manifest


def tag_names(*, actor: Actor, extension: Extension) -> list[str]:
    """Return every tag that resolves for the actor, in ASCII order."""
    releases: Q = Q(manifest__isnull=False)
    tags = Q()
    if not may_publish(actor, extension):
        releases &= Q(manifest__verdict=Verdict.PASSED)
        tags = Q(served__verdict=Verdict.PASSED)
    names = set(Release.objects.filter(releases, extension=extension).values_list("tag", flat=True))
    names |= set(Tag.objects.filter(tags, extension=extension).values_list("name", flat=True))
    return sorted(names)


def module_readable(*, actor: Actor, extension: Extension, sha256: str) -> bool:
    """Test that some manifest that the actor may read carries the module of this sha256."""
    carrying = extension.manifests.filter(module__sha256=sha256)
    if not may_publish(actor, extension):
        carrying = carrying.filter(verdict=Verdict.PASSED)
    return carrying.exists()


def findings_of(release: Release) -> list[dict[str, str]]:
    """Return what stopped the packing, or what the checks found, worst first."""
    found = [release.failure] if release.failure else []
    if release.manifest is not None:
        found += release.manifest.findings
    return sorted(found, key=lambda each: SEVERITIES.index(each["severity"]))
