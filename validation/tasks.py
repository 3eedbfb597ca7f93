"""The room's job: judge a manifest."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from catalog.models import Manifest, Verdict
from catalog.services import Judgement, record_verdict
from core.jobs import job
from validation.judging import judge
from wasmhub.proxywasm import RULE_SET, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable


def give_up(*, manifest_id: int, **_later: object) -> None:
    """End the validation as the hub's fault when every attempt was lost."""
    finding = Finding(
        id="hub/could-not-check",
        severity=Severity.ERROR,
        message="The hub could not finish checking this module in three attempts. This is the "
        "hub's fault, not the module's: push it again under another version, or tell us.",
        where="the hub",
    )
    judgement = Judgement(Verdict.FAILED, RULE_SET, findings=[finding.as_json()])
    manifest = Manifest.objects.filter(pk=manifest_id).first()
    if manifest is not None:  # it may be deleted by now
        record_verdict(manifest=manifest, judgement=judgement)


@job("validate-manifest", give_up=give_up)
def validate_manifest(*, manifest_id: int, **_later: object) -> Callable[[], None] | None:
    """Judge the bytes that a proxy would run, unless that is done already, or it is gone."""
    rows = Manifest.objects.select_related("extension__namespace")
    manifest = rows.filter(pk=manifest_id, verdict=Verdict.PENDING).first()
    if manifest is None:
        return None
    return partial(record_verdict, manifest=manifest, judgement=judge(manifest))
