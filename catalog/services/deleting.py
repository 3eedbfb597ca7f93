"""
Delete: what others may rely on stays.

A release that passed goes only by an owner's hand, within 72 hours, and before anybody else pulled
it. What never passed may be deleted by whoever may publish.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.errors import ReleaseKeptError
from catalog.models import Conversion, Extension, Manifest, ManifestPull, Release, Tag, Verdict
from catalog.selectors import where
from catalog.selectors.relations import accessories_of, children_of, index_of, is_named
from catalog.services.following import note_change
from catalog.services.holding import hold, hold_names
from catalog.services.names import retire_name
from catalog.services.rules import check_tag
from core import audit
from core.errors import ConflictError, NotAllowedError, NotFoundError
from core.policy import Permission, require
from wasmhub.oci import Version, is_release_tag

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from core.actor import Actor

DELETABLE_FOR = timedelta(hours=72)


@transaction.atomic
def delete_release(*, actor: Actor, extension: Extension, version: str) -> None:
    """
    Delete a release, and what it consists of unless something else names that.

    :raises NotFoundError: there is no such release
    :raises NotAllowedError: it passed, or its tag is protected, and the actor is no owner
    :raises ReleaseKeptError: it passed, and others may rely on it
    """
    held = hold(extension.pk, to_delete=True)
    require(actor, Permission.EXTENSION_PUBLISH, **where(held))
    release = None
    if is_release_tag(version):
        release = held.releases.filter(version=str(Version.parse(version))).first()
    if release is None:
        raise NotFoundError("There is no release of this version.")
    check_tag(actor=actor, extension=held, tag=release.tag)
    _check_deletable(actor, held, held.releases.filter(pk=release.pk))
    manifest = release.manifest
    release.delete()
    digest = manifest.digest if manifest else None
    audit.record(actor, "release.deleted", str(held), version=release.version, digest=digest)
    if manifest is not None:
        for one in [manifest, *children_of(manifest)]:
            if not is_named(one) and not Conversion.objects.filter(manifest=one).exists():
                _delete_manifest(actor, held, one)
    _settle(held)


@transaction.atomic
def delete_tag(*, actor: Actor, extension: Extension, name: str) -> None:
    """
    Delete a moving tag, which leaves its manifests, or the release that the tag names.

    :raises NotFoundError: there is no such tag
    :raises NotAllowedError: the tag is protected, and the actor is no owner
    :raises ReleaseKeptError: see ``delete_release``
    """
    if is_release_tag(name):
        delete_release(actor=actor, extension=extension, version=name)
        return
    held = hold(extension.pk)
    require(actor, Permission.EXTENSION_PUBLISH, **where(held))
    tag = held.tags.select_related("pushed").filter(name=name).first()
    if tag is None:
        raise NotFoundError("There is no such tag.")
    check_tag(actor=actor, extension=held, tag=name)
    tag.delete()
    audit.record(actor, "tag.deleted", str(held), tag=name, digest=tag.pushed.digest)


@transaction.atomic
def delete_manifest(*, actor: Actor, extension: Extension, digest: str) -> None:
    """
    Delete a manifest with its releases and tags, and with what only speaks of it.

    A moving tag that was pushed elsewhere meanwhile stays; readers get it again once something
    passes there.

    :raises NotFoundError: there is no such manifest
    :raises NotAllowedError: a release of it passed, or a tag is protected, and the actor is no
        owner
    :raises ReleaseKeptError: a release of it passed, and others may rely on it
    :raises ConflictError: an index names it
    """
    held = hold(extension.pk, to_delete=True)
    require(actor, Permission.EXTENSION_PUBLISH, **where(held))
    manifest = held.manifests.filter(digest=digest).first()
    if manifest is None:
        raise NotFoundError("There is no manifest of this digest.")
    if original := Manifest.objects.filter(conversions__manifest=manifest).first():
        raise ConflictError(
            f"The hub packed this from {original.digest}: delete that, and this goes with it.",
            original=original.digest,
        )
    releases = held.releases.filter(manifest=manifest)
    tags = held.tags.filter(pushed=manifest)
    for tag in [*releases.values_list("tag", flat=True), *tags.values_list("name", flat=True)]:
        check_tag(actor=actor, extension=held, tag=tag)
    _check_deletable(actor, held, releases)
    index = index_of(manifest)
    if index is not None:
        raise ConflictError(
            f"The index {index.digest} names this manifest: delete that first.", index=index.digest
        )
    _delete_manifest(actor, held, manifest)
    _settle(held)


@transaction.atomic
def delete_extension(*, actor: Actor, extension: Extension) -> None:
    """
    Delete an extension with all that it holds, and keep its names from strangers.

    :raises NotAllowedError: the actor is no owner
    :raises ReleaseKeptError: others may rely on a release of it
    :raises ConflictError: somebody else moved the extension at the same moment
    """
    hold_names([extension.namespace.name])
    held = hold(extension.pk, to_delete=True)
    require(actor, Permission.EXTENSION_DELETE, **where(held))
    if str(held) != str(extension):
        raise ConflictError(f"{extension} became {held} a moment ago. Look again.")
    _check_deletable(actor, held, held.releases.all())
    _check_free(held.manifests.all())
    versions = sorted(held.releases.values_list("version", flat=True))
    held.tags.all().delete()
    held.releases.all().delete()
    held.manifests.defer("content", "findings").delete()
    key = held.pk
    held.delete()
    retire_name(held)
    audit.record(actor, "extension.deleted", str(held), releases=versions)
    note_change(key)


def _check_deletable(actor: Actor, extension: Extension, releases: QuerySet[Release]) -> None:
    """
    Check that nobody can rely on the releases yet.

    :raises NotAllowedError: one of them passed, and the actor is no owner; or is in quarantine
    :raises ReleaseKeptError: one of them passed too long ago, or somebody else pulled it
    """
    _check_free(Manifest.objects.filter(releases__in=releases))
    passed = list(
        releases.filter(passed__isnull=False)
        .select_related("manifest")
        .defer("manifest__findings")
        .order_by("pk")
    )
    if not passed:
        return
    require(actor, Permission.EXTENSION_DELETE, **where(extension))
    cutoff = timezone.now() - DELETABLE_FOR
    old = [each.version for each in passed if each.passed and each.passed < cutoff]
    if old:
        raise _kept(extension, old, "passed more than 72 hours ago")
    pulled = [each.version for each in passed if each.manifest and _is_pulled(each.manifest)]
    if pulled:
        raise _kept(extension, pulled, "was pulled by somebody else")


def _is_pulled(manifest: Manifest) -> bool:
    """Test that somebody else pulled the manifest, what a proxy gets of an index, or a form."""
    parts = [manifest.pk, *(child.pk for child in children_of(manifest))]
    got = Q(manifest__in=parts) | Q(manifest__converted_from__original__in=parts)
    return ManifestPull.objects.filter(got).exists()


def _kept(extension: Extension, versions: list[str], why: str) -> ReleaseKeptError:
    more = f", as {len(versions) - 1} more did" if len(versions) > 1 else ""
    return ReleaseKeptError(
        f"{extension} {versions[0]} {why}{more}: others may rely on it, so it stays. Yank it "
        "instead.",
        versions=versions[:100],
    )


def _check_free(manifests: QuerySet[Manifest]) -> None:
    """
    Check that nothing of it is being looked into.

    :raises NotAllowedError: something is in quarantine
    """
    if manifests.filter(verdict=Verdict.QUARANTINED).exists():
        raise NotAllowedError(
            "This is in quarantine while it is being looked into: until that is over, it cannot "
            "be deleted."
        )


def _delete_manifest(actor: Actor, extension: Extension, manifest: Manifest) -> None:
    """Delete a manifest, its names, and what only speaks of it."""
    _check_free(Manifest.objects.filter(pk=manifest.pk))
    forms = Manifest.objects.filter(converted_from__original=manifest)
    unnamed = [form for form in forms if not is_named(form)]
    for one in [*unnamed, manifest, *accessories_of(manifest)]:
        Tag.objects.filter(pushed=one).delete()
        Tag.objects.filter(served=one).update(served=None)
        Release.objects.filter(manifest=one).delete()
        one.delete()
        audit.record(actor, "manifest.deleted", str(extension), digest=one.digest)


def _settle(extension: Extension) -> None:
    """Let an extension without anything that passed be its members' again; tell the search."""
    passed = Manifest.objects.filter(extension=extension, verdict=Verdict.PASSED)
    if not passed.exists():
        Extension.objects.filter(pk=extension.pk).update(listed=None)
    note_change(extension.pk)
