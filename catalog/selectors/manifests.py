"""Which manifest a name means, and who gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from catalog.models import Extension, Manifest, Release, Tag, Verdict
from catalog.selectors.conversions import converted, tags_of_forms
from core.errors import NotFoundError
from core.policy import Permission, allows
from wasmhub.oci import Version, is_converted_tag, is_release_tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.actor import Actor

# A chain of referrers that is longer is nobody's honest one.
SUBJECTS = 8
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
    if manifest is None or not (publisher or readers_get(manifest)):
        raise NotFoundError("There is no manifest of this name that you can see.")
    return manifest


def readers_get(manifest: Manifest) -> bool:
    """
    Test that the manifest is for all who may read the extension.

    What carries a module must have passed. What only says something about another manifest, as a
    referrer or by a ``sha256-<digest>.*`` tag, is for whoever gets that one.
    """
    seen: set[int] = set()
    open_ends = [manifest]
    while open_ends:
        one = open_ends.pop()
        if one.is_readable:
            return True
        if one.verdict is None and one.pk not in seen and len(seen) < SUBJECTS:
            seen.add(one.pk)
            open_ends += _subjects(one)
    return False


def _subjects(manifest: Manifest) -> list[Manifest]:
    """Return the manifests that this one says something about."""
    tags = Tag.objects.filter(pushed=manifest, name__startswith="sha256-")
    told = {tag[:71].replace("-", ":") for tag in tags.values_list("name", flat=True)}
    siblings = Manifest.objects.filter(extension=manifest.extension_id)
    return list(
        siblings.filter(digest__in={manifest.subject, *told} - {""}).defer("content", "findings")
    )


def referrers(
    *, actor: Actor, extension: Extension, subject: str, after: str = ""
) -> Iterator[Manifest]:
    """Yield what refers to the digest and the actor may read, in the order of digests."""
    publisher = may_publish(actor, extension)
    rows = extension.manifests.filter(subject=subject, digest__gt=after).order_by("digest")
    for row in rows.iterator(chunk_size=50):
        if publisher or readers_get(row):
            yield row


def _by_tag(extension: Extension, tag: str, *, pushed: bool) -> Manifest | None:
    if is_converted_tag(tag):
        form, _, version = tag.partition("-")
        original = _by_tag(extension, version, pushed=pushed)
        return converted(original, form) if original is not None else None
    if is_release_tag(tag):
        release = (
            extension.releases.select_related("manifest")
            .filter(version=str(Version.parse(tag)))
            .first()
        )
        if release is None or (release.yanked and not pushed):
            return None
        return release.manifest
    wanted = extension.tags.select_related("pushed" if pushed else "served")
    moving = wanted.filter(name=tag).first()
    if moving is not None:
        # What has no verdict never moves what readers get; whether they get this is judged next.
        return moving.pushed if pushed or not moving.served else moving.served
    return _latest(extension) if tag == "latest" else None


def _latest(extension: Extension) -> Manifest | None:
    """Return the newest release on offer that is no pre-release: what ``latest`` means untold."""
    passed = extension.releases.filter(manifest__verdict=Verdict.PASSED, yanked="")
    versions = {Version.parse(each): each for each in passed.values_list("version", flat=True)}
    stable = [each for each in versions if not each.is_prerelease]
    if not stable:
        return None
    release = extension.releases.select_related("manifest").get(version=versions[max(stable)])
    return release.manifest


def tag_names(*, actor: Actor, extension: Extension) -> list[str]:
    """Return every tag that resolves for the actor, in ASCII order."""
    releases, tags = Q(manifest__isnull=False), Q()
    about: set[str] = set()
    if not may_publish(actor, extension):
        releases = Q(manifest__verdict=Verdict.PASSED, yanked="")
        tags = Q(served__verdict=Verdict.PASSED)
        unjudged = extension.tags.filter(name__startswith="sha256-", pushed__verdict__isnull=True)
        rows = unjudged.select_related("pushed").defer("pushed__content", "pushed__findings")
        about = {tag.name for tag in rows if readers_get(tag.pushed)}
    offered = list(extension.releases.filter(releases).only("tag", "version", "manifest_id"))
    names = {release.tag for release in offered} | tags_of_forms(offered)
    names |= set(extension.tags.filter(tags).values_list("name", flat=True))
    return sorted(names | about)


def carrier_of(*, actor: Actor, extension: Extension, sha256: str) -> Manifest | None:
    """Return the newest manifest that was pushed, carries this module, and the actor may read."""
    carrying = extension.manifests.filter(module__sha256=sha256, converted_from=None)
    if not may_publish(actor, extension):
        carrying = carrying.filter(verdict=Verdict.PASSED)
    carrying = carrying.select_related("module").defer("content", "findings", "module__facts")
    return carrying.order_by("-pk").first()


def findings_of(release: Release) -> list[dict[str, str]]:
    """Return what stopped the packing, or what the checks found, worst first."""
    found = [release.failure] if release.failure else []
    if release.manifest is not None:
        found += release.manifest.findings
    return sorted(found, key=lambda each: SEVERITIES.index(each["severity"]))
