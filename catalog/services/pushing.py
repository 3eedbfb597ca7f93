"""Accept a manifest: the row, its name, and what its annotations say of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import Extension, Manifest, Release, Tag, Verdict
from catalog.selectors import where
from catalog.services.extensions import check_field
from catalog.services.following import note_change
from catalog.services.holding import hold
from catalog.services.rules import check_tag
from core import audit
from core.errors import InvalidError, VersionExistsError
from core.policy import Permission, require
from wasmhub.oci import Version, is_release_tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from core.actor import Actor

ANNOTATIONS = {
    "org.opencontainers.image.title": "title",
    "org.opencontainers.image.description": "description",
    "org.opencontainers.image.licenses": "license",
    "org.opencontainers.image.source": "source_url",
    "org.opencontainers.image.url": "homepage_url",
    "org.opencontainers.image.documentation": "documentation_url",
    "io.artifacthub.package.license": "license",
    "io.artifacthub.package.category": "category",
}


@transaction.atomic
def accept_manifest(  # noqa: PLR0913 - its parts are its arguments
    *,
    actor: Actor,
    extension: Extension,
    digest: str,
    media_type: str,
    content: bytes,
    has_module: bool,
    subject: str = "",
    tag: str | None = None,
) -> Manifest:
    """
    Record a manifest that was pushed and, with a tag, give it that name.

    The caller has checked the bytes against the digest and that all blobs are linked, and asks
    for the validation in the same transaction. Doing it twice changes nothing.

    :raises NotFoundError: the extension was deleted meanwhile
    :raises NotAllowedError: the actor may not publish here, or the tag is protected
    :raises VersionExistsError: the tag is a version that passed with other bytes
    """
    # A verdict holds it too: it sees the name below, or its outcome is seen here.
    extension = hold(extension.pk)
    require(actor, Permission.EXTENSION_PUBLISH, **where(extension))
    if tag is not None:
        check_tag(actor=actor, extension=extension, tag=tag)
    manifest, created = Manifest.objects.get_or_create(
        extension=extension,
        digest=digest,
        defaults={
            "media_type": media_type,
            "content": content,
            "subject": subject,
            "verdict": Verdict.PENDING if has_module else None,
        },
    )
    named = tag is not None and _name(actor, manifest, tag)
    if created or named:
        Extension.objects.filter(pk=extension.pk, pushed__isnull=True).update(pushed=timezone.now())
        audit.record(actor, "manifest.pushed", str(extension), digest=digest, tag=tag)
        note_change(extension.pk)
    return manifest


def fields_of(annotations: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Yield what a manifest's standard annotations say, by the field of the page."""
    for annotation, field in ANNOTATIONS.items():
        yield field, annotations.get(annotation, "").strip()


def fill_page(extension: Extension, told: Iterable[tuple[str, str]]) -> None:
    """Fill what the page does not say yet; of a field that is told twice the first counts."""
    filled: dict[str, str] = {}
    for field, value in told:
        if value and not getattr(extension, field) and field not in filled:
            try:
                check_field(field, value)
            except InvalidError:
                continue  # a page is better without it than with a broken link
            filled[field] = value
    if filled:
        Extension.objects.filter(pk=extension.pk).update(**filled)


def _name(actor: Actor, manifest: Manifest, tag: str) -> bool:
    """Let the tag name the manifest; True when that changed something."""
    if is_release_tag(tag):
        return _release(actor, manifest, tag)
    served = {"served": manifest} if manifest.is_readable else {}
    current, created = Tag.objects.get_or_create(
        extension=manifest.extension, name=tag, defaults={"pushed": manifest, **served}
    )
    if created or current.pushed_id == manifest.pk:
        return created
    Tag.objects.filter(pk=current.pk).update(pushed=manifest, updated=timezone.now(), **served)
    return True


def _release(actor: Actor, manifest: Manifest, tag: str) -> bool:
    version = str(Version.parse(tag))
    fields = {
        "manifest": manifest,
        "tag": tag,
        "upload_sha256": "",
        "failure": None,
        "passed": timezone.now() if manifest.is_readable else None,
        "created_by_id": actor.user_id,
    }
    try:
        with transaction.atomic():
            Release.objects.create(extension=manifest.extension, version=version, **fields)
    except IntegrityError:
        mine = Release.objects.filter(extension=manifest.extension, version=version)
        if mine.filter(manifest=manifest).exists():
            return False
        # One conditional UPDATE: a verdict that arrives at the same time decides who wins.
        if mine.filter(passed__isnull=True).update(**fields):
            return True
        raise VersionExistsError(
            f"{manifest.extension} {version} was released with other bytes. A release never "
            "changes: push the next version.",
            version=version,
        ) from None
    return True
