"""What newer rules say of what was judged before."""

from __future__ import annotations

import logging

import pytest

from catalog.models import Extension, Manifest, Verdict
from catalog.services import Judgement, revise_verdict
from core.actor import Actor
from core.models import AuditEvent, Job
from tests.catalog.conftest import FACTS, release
from validation.services import request_rejudging
from wasmhub.proxywasm import RULE_SET

NOTE = {
    "id": "wasm/unstripped",
    "severity": "note",
    "message": "It has debug information.",
    "where": "the module",
    "help": "/docs/findings/wasm/unstripped",
}
NEWER = {**FACTS, "language": "rust"}


def revised(manifest: Manifest, verdict: Verdict) -> Manifest:
    judgement = Judgement(verdict, RULE_SET, dict(NEWER), [dict(NOTE)])
    revise_verdict(manifest=manifest, judgement=judgement)
    return Manifest.objects.select_related("module").get(pk=manifest.pk)


def test_what_passed_keeps_its_verdict_and_gets_the_newer_facts(
    alice: Actor, extension: Extension
) -> None:
    manifest = revised(release(alice, extension, "a", "1.0.0"), Verdict.PASSED)

    assert manifest.verdict == Verdict.PASSED
    assert manifest.findings == [NOTE]
    assert manifest.module is not None
    assert (manifest.module.rule_set, manifest.module.facts["language"]) == (RULE_SET, "rust")
    assert AuditEvent.objects.filter(action="manifest.rejudged").count() == 1


def test_what_passed_is_not_taken_from_its_readers_and_the_operator_is_told(
    alice: Actor, extension: Extension, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        manifest = revised(release(alice, extension, "a", "1.0.0"), Verdict.FAILED)

    assert manifest.verdict == Verdict.PASSED
    assert "would fail now" in caplog.text


def test_what_failed_may_pass_now(alice: Actor, extension: Extension) -> None:
    failed = release(alice, extension, "a", "1.0.0", Verdict.FAILED)

    manifest = revised(failed, Verdict.PASSED)

    assert manifest.verdict == Verdict.PASSED
    assert manifest.releases.get().passed is not None


def test_only_what_older_rules_judged_is_asked_for(alice: Actor, extension: Extension) -> None:
    old = release(alice, extension, "a", "1.0.0")
    revised(release(alice, extension, "b", "1.1.0"), Verdict.PASSED)
    release(alice, extension, "c", "1.2.0", Verdict.PENDING)
    Job.objects.all().delete()

    assert request_rejudging() == 1
    assert [job.arguments for job in Job.objects.all()] == [{"manifest_id": old.pk}]
