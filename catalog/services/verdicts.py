"""What a worker found out comes down to the catalog here."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from catalog.models import Extension, Manifest, Module, Verdict
from catalog.services.converting import open_names, share_verdict
from catalog.services.following import note_change
from catalog.services.holding import hold
from catalog.services.pushing import fields_of, fill_page
from core import audit
from core.errors import NotFoundError
from wasmhub.oci import parse_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

JUDGED = ("verdict", "findings", "packaging", "module", "judged")
SUMMARY = ("sha256", "size", "abi", "contexts", "language", "sdk", "capabilities")


@dataclass(frozen=True, slots=True)
class Judgement:
    """
    The outcome of one validation; ``verdict`` is None for content without a module.

    ``facts`` and ``findings`` have the fixed shapes of the API; ``facts`` is None when there was
    no module to read.
    """

    verdict: Verdict | None
    rule_set: int
    facts: dict[str, Any] | None = None
    findings: list[dict[str, str]] = field(default_factory=list)
    packaging: dict[str, Any] | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    """What the image's own metadata say of the page, by field."""


@transaction.atomic
def record_verdict(*, manifest: Manifest, judgement: Judgement) -> None:
    """
    Write the verdict on a manifest and let its names follow; nothing if it was deleted meanwhile.

    A pass opens the releases and moves what readers get from the tags. Anything else leaves what
    readers have as it was.
    """
    try:
        extension = hold(manifest.extension_id)
    except NotFoundError:
        return
    manifest.verdict, manifest.findings = judgement.verdict, judgement.findings
    manifest.packaging, manifest.module = judgement.packaging, _module(judgement)
    manifest.judged = timezone.now()
    row = Manifest.objects.filter(pk=manifest.pk)
    if not row.update(**{each: getattr(manifest, each) for each in JUDGED}):
        return
    share_verdict(manifest)
    if judgement.verdict == Verdict.PASSED:
        open_names([manifest])
        _list(extension, manifest, judgement.told)
    note_change(extension.pk)
    audit.record(
        None,
        "manifest.judged",
        str(extension),
        digest=manifest.digest,
        verdict=judgement.verdict,
        findings=[finding["id"] for finding in judgement.findings],
    )


@transaction.atomic
def revise_verdict(*, manifest: Manifest, judgement: Judgement) -> None:
    """
    Write what newer rules say of a manifest that was judged before.

    What failed may pass now. What passed is not taken from those who rely on it: it keeps its
    verdict, shows the new findings, and the operator is told.
    """
    if manifest.verdict == Verdict.FAILED and judgement.verdict == Verdict.PASSED:
        record_verdict(manifest=manifest, judgement=judgement)
        return
    try:
        extension = hold(manifest.extension_id)
    except NotFoundError:
        return
    manifest.module = _module(judgement) or manifest.module
    Manifest.objects.filter(pk=manifest.pk, verdict=manifest.verdict).update(
        findings=judgement.findings, packaging=judgement.packaging, module=manifest.module
    )
    share_verdict(manifest)
    if judgement.verdict != manifest.verdict:
        logger.warning("%s passed once and would fail now: look into it.", manifest)
    note_change(extension.pk)
    audit.record(
        None,
        "manifest.rejudged",
        str(extension),
        digest=manifest.digest,
        findings=[finding["id"] for finding in judgement.findings],
    )


def _list(extension: Extension, manifest: Manifest, told: Mapping[str, str]) -> None:
    """Let readers see the extension, with what its first good images say of it."""
    parsed = parse_manifest(bytes(manifest.content), manifest.media_type)
    fill_page(extension, [*fields_of(parsed.annotations), *told.items()])
    Extension.objects.filter(pk=extension.pk, listed__isnull=True).update(listed=timezone.now())
    Extension.objects.filter(pk=extension.pk).update(updated=timezone.now())


def _module(judgement: Judgement) -> Module | None:
    if judgement.facts is None:
        return None
    module, _ = Module.objects.update_or_create(
        sha256=judgement.facts["sha256"],
        rule_set=judgement.rule_set,
        defaults={
            "size": judgement.facts["size"],
            "facts": {**judgement.facts, "root_ids": [""]},
            "summary": {name: judgement.facts.get(name) for name in SUMMARY},
        },
    )
    return module
