"""Forms that the hub packs beside what was pushed: they have the original's verdict and end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from catalog.models import Conversion, Manifest, Release, Tag, Verdict
from catalog.services.holding import hold
from core import audit
from core.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable


@transaction.atomic
def record_conversion(
    *, original: Manifest, form: str, digest: str, media_type: str, content: bytes
) -> Manifest | None:
    """Record an image that was packed of another one's module; None if that was deleted."""
    try:
        extension = hold(original.extension_id)
    except NotFoundError:
        return None
    source = Manifest.objects.filter(pk=original.pk).first()
    if source is None:
        return None
    manifest, created = Manifest.objects.get_or_create(
        extension=extension,
        digest=digest,
        defaults={
            "media_type": media_type,
            "content": content,
            "verdict": source.verdict,
            "module": source.module,
            "judged": source.judged,
        },
    )
    Conversion.objects.get_or_create(original=source, form=form, defaults={"manifest": manifest})
    if manifest.verdict == Verdict.PASSED:
        open_names([manifest])
    if created:
        audit.record(
            None, "manifest.converted", str(extension), digest=digest, form=form, of=source.digest
        )
    return manifest


def share_verdict(original: Manifest) -> None:
    """Let the forms of an image have the verdict that it has now, within a transaction."""
    forms = Manifest.objects.filter(converted_from__original=original)
    forms.update(verdict=original.verdict, module=original.module, judged=original.judged)
    if original.verdict == Verdict.PASSED:
        open_names(forms)


def open_names(passed: Iterable[Manifest]) -> None:
    """Open the releases of what passed, and move what readers get from its tags."""
    for manifest in passed:
        Release.objects.filter(manifest=manifest, passed__isnull=True).update(passed=timezone.now())
        Tag.objects.filter(pushed=manifest).update(served=manifest)
