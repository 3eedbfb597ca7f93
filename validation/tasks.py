"""The room's jobs: judge a manifest, have real Envoys prove it, and try what passed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from catalog.models import ExampleState, Manifest, Module, Release, TrialExample, Verdict
from catalog.selectors.compatibility import module_read, root_ids_of
from catalog.services import (
    Judgement,
    record_example_result,
    record_proof,
    record_standard_trial,
    record_verdict,
    revise_verdict,
)
from core.content import content_store
from core.jobs import job
from validation.envoys import installed
from validation.judging import NotConvertedError, judge
from validation.proving import Outcome, Proof, envoy_folder, prove
from validation.rerunning import LOST, run_example, run_standard_trial
from validation.services import (
    judged_before,
    request_conversion,
    request_other_forms,
    request_proofs,
    request_trials,
)
from wasmhub.proxywasm import RULE_SET, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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
    try:
        return partial(_record, manifest, judge(manifest))
    except NotConvertedError:
        return partial(request_conversion, manifest=manifest)


def _record(manifest: Manifest, judgement: Judgement) -> None:
    """Write the verdict, and have what follows from a pass done while nobody waits."""
    record_verdict(manifest=manifest, judgement=judgement)
    if judgement.facts is not None and judgement.verdict == Verdict.PASSED:
        request_proofs(sha256=judgement.facts["sha256"])
        request_other_forms(manifest=manifest)
        request_trials(manifest=manifest)


@job("rejudge-manifest", background=True)
def rejudge_manifest(*, manifest_id: int, **_later: object) -> Callable[[], None] | None:
    """Judge a manifest again that was judged by older rules."""
    manifest = judged_before().filter(pk=manifest_id).first()
    if manifest is None:
        return None
    try:
        return partial(_revise, manifest, judge(manifest))
    except NotConvertedError:
        return partial(request_conversion, manifest=manifest)


def _revise(manifest: Manifest, judgement: Judgement) -> None:
    """Write what newer rules say, and have done what follows for what passes by them."""
    revise_verdict(manifest=manifest, judgement=judgement)
    if judgement.verdict == Verdict.PASSED:
        request_other_forms(manifest=manifest)
        request_trials(manifest=manifest)


@job("prove-module", background=True)
def prove_module(*, sha256: str, version: str, **_later: object) -> Callable[[], None] | None:
    """Load a module in one release of Envoy, if this machine has that."""
    envoy = installed(envoy_folder()).get(version)
    module = Module.objects.filter(sha256=sha256).order_by("-rule_set").first()
    if envoy is None or module is None:
        return None
    with content_store().open(sha256) as file:
        content = file.read()
    proof = _prove_any(content, envoy, version, root_ids_of(sha256))
    loads = None if proof.outcome == Outcome.NOT_RUN else proof.outcome == Outcome.LOADS
    return partial(record_proof, sha256=sha256, version=version, loads=loads, log=proof.log)


def _prove_any(content: bytes, envoy: Path, version: str, root_ids: list[str]) -> Proof:
    """Prove that it loads by one of its root ids: others who push the bytes declare their own."""
    proofs = []
    for root_id in root_ids:
        proofs.append(prove(content, envoy, version, root_id=root_id))
        if proofs[-1].outcome == Outcome.LOADS:
            return proofs[-1]
    return proofs[0]


def give_up_example(*, example_id: int, revision: int, release_id: int, **_later: object) -> None:
    """Say that the hub could not run the example."""
    record_example_result(
        example_id=example_id,
        revision=revision,
        release_id=release_id,
        state=ExampleState.NOT_RUN,
        reason=LOST,
    )


@job("run-example", background=True, give_up=give_up_example)
def rerun_example(
    *, example_id: int, revision: int, release_id: int, **_later: object
) -> Callable[[], None] | None:
    """Run an example on a release, unless either is gone or the example changed meanwhile."""
    examples = TrialExample.objects.select_related("author")
    example = examples.filter(pk=example_id, revision=revision).first()
    release = _release(release_id)
    if example is None or release is None:
        return None
    end = run_example(example, release)
    return partial(
        record_example_result,
        example_id=example_id,
        revision=revision,
        release_id=release_id,
        state=end.state,
        differences=end.differences,
        reason=end.reason,
    )


@job("try-standard", background=True)
def try_standard(*, release_id: int, **_later: object) -> Callable[[], None] | None:
    """Run the standard trial on a release's module."""
    release = _release(release_id)
    summary = run_standard_trial(release) if release else None
    if release is None or summary is None:
        return None
    return partial(record_standard_trial, sha256=module_read(release).sha256, summary=summary)


def _release(release_id: int) -> Release | None:
    """Return a release that passed, unless it is gone."""
    rows = Release.objects.select_related("manifest__module", "extension__namespace")
    return rows.filter(pk=release_id, manifest__verdict=Verdict.PASSED).first()
