"""Yank: a release is no longer offered, and says why; its digest can still be pulled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.models import Release
from catalog.selectors import where
from catalog.services.following import note_change
from catalog.services.holding import hold
from catalog.services.rules import check_tag
from core import audit
from core.errors import ConflictError, InvalidError, NotFoundError
from core.policy import Permission, require
from wasmhub.oci import Version, is_release_tag

if TYPE_CHECKING:
    from catalog.models import Extension
    from core.actor import Actor


@transaction.atomic
def yank_release(
    *, actor: Actor, extension: Extension, version: str, reason: str | None
) -> Release:
    """
    Yank a release for a reason, or offer it again with None.

    :raises InvalidError: the reason is empty, too long, or has invisible characters
    :raises NotFoundError: there is no such release
    :raises NotAllowedError: the actor may read, but not yank; or the tag is protected
    :raises ConflictError: it never passed
    """
    held = hold(extension.pk)
    require(actor, Permission.EXTENSION_YANK, **where(held))
    release = None
    if is_release_tag(version):
        releases = held.releases.select_related("manifest__module")
        release = releases.filter(version=str(Version.parse(version))).first()
    if release is None:
        raise NotFoundError("There is no release of this version.")
    check_tag(actor=actor, extension=held, tag=release.tag)
    wanted = "" if reason is None else _checked(reason)
    if wanted == release.yanked:
        return release
    if release.passed is None:
        raise ConflictError(f"{held} {release.version} never passed: delete it instead.")
    release.yanked = wanted
    release.yanked_at = timezone.now() if wanted else None
    release.save(update_fields=["yanked", "yanked_at"])
    action = "release.yanked" if wanted else "release.offered-again"
    audit.record(actor, action, str(held), version=release.version, reason=wanted)
    note_change(held.pk)
    return release


def _checked(reason: str) -> str:
    field = Release._meta.get_field("yanked")  # noqa: SLF001 - Django's documented _meta
    try:
        text = str(field.clean(reason.strip(), None))
        if not text:
            raise ValidationError("Say in a sentence why; null offers it again.")  # noqa: TRY301 - one adapter for both
    except ValidationError as error:
        raise InvalidError(" ".join(error.messages), fields={"yanked": error.messages}) from error
    return text
