"""Ask for a validation, a proof or a trial, inside the transaction that makes it due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q

from catalog import services as catalog
from catalog.models import Manifest, Module, Proof, Release, StandardTrial, Verdict
from catalog.selectors import newest_release, proxy_image, releases_of, where
from core import jobs
from core.errors import InvalidError
from core.policy import Permission, require
from validation.envoys import installed
from validation.proving import envoy_folder
from validation.trying import chain_of, try_release
from wasmhub.proxywasm import RULE_SET

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from catalog.models import Extension, TrialExample
    from core.actor import Actor


def request_validation(*, manifest: Manifest) -> None:
    """Have a worker judge the manifest; what passed before is only tried, under its new name."""
    if manifest.verdict == Verdict.PENDING:
        jobs.enqueue("validate-manifest", key=str(manifest.pk), manifest_id=manifest.pk)
    elif manifest.verdict == Verdict.PASSED:
        request_trials(manifest=manifest)


def request_trials(*, manifest: Manifest) -> None:
    """Have what passed tried: on the standard request, and its releases on the examples."""
    modules = Module.objects.filter(manifests=manifest).values_list("sha256", flat=True)
    releases = list(manifest.releases.all())
    if releases and not StandardTrial.objects.filter(sha256__in=modules).exists():
        jobs.enqueue("try-standard", key=str(manifest.pk), release_id=releases[0].pk)
    for release in releases:
        for example in manifest.extension.examples.exclude(results__release=release):
            _request_example(example, release)


def request_all_trials() -> None:
    """Have everything tried that passed before the hub tried anything."""
    passed = Manifest.objects.filter(verdict=Verdict.PASSED, releases__isnull=False).distinct()
    for manifest in passed.select_related("extension").defer("content", "findings"):
        request_trials(manifest=manifest)


def _request_example(example: TrialExample, release: Release) -> None:
    arguments = {
        "example_id": example.pk,
        "revision": example.revision,
        "release_id": release.pk,
    }
    key = f"{example.pk}.{example.revision}@{release.pk}"
    jobs.enqueue("run-example", key=key, **arguments)


def save_example(  # noqa: PLR0913 - what an author says of an example
    *,
    actor: Actor,
    extension: Extension,
    name: str,
    description: str,
    trial: dict[str, Any],
    expected: dict[str, Any] | None,
    version: str | None = None,
    replace: bool = False,
) -> tuple[TrialExample, bool]:
    """
    Keep an example, and have the newest release and the one of ``version`` run on it.

    What is expected is proposed from a run on the newest unless it is given. Returns the example,
    and whether it was made or what it runs has changed.

    :raises NotFoundError: the actor may not see the extension, or a module of the trial's chain
    :raises InvalidError: see ``catalog.services.save_example``; or nothing can be proposed
    :raises NotAllowedError: the actor may read, but not publish
    :raises ConflictError: the name is taken and not to be replaced, or there are too many
    """
    require(actor, Permission.EXTENSION_PUBLISH, **where(extension))
    chain_of(actor=actor, trial=trial)
    rows = [each for each in releases_of(actor=actor, extension=extension) if each.passed]
    newest = newest_release(rows)
    if expected is None:
        expected = _proposed(actor, newest, trial)
    example = catalog.Example(name, description, trial, expected)
    with transaction.atomic():
        row, changed = catalog.save_example(
            actor=actor, extension=extension, example=example, replace=replace
        )
        for release in rows if changed else []:
            if release == newest or release.version == version:
                _request_example(row, release)
    return row, changed


def _proposed(actor: Actor, release: Release | None, trial: dict[str, Any]) -> dict[str, Any]:
    if release is None:
        raise InvalidError("Say what is expected: no version has passed that could show it.")
    tried = try_release(actor=actor, release=release, trial=trial, propose=True)
    if tried.proposed is None:
        raise InvalidError("Say what is expected: the trial shows nothing.")
    return tried.proposed


def request_conversion(*, manifest: Manifest) -> None:
    """Have the form packed that proxies load; the manifest is judged again after that."""
    jobs.enqueue("convert-image", key=str(manifest.pk), manifest_id=manifest.pk)


def request_other_forms(*, manifest: Manifest) -> None:
    """Have the forms packed that nobody waits for, unless the image has them."""
    image = proxy_image(manifest)
    if image is not None and not image.conversions.exists():
        jobs.enqueue("add-forms", key=str(image.pk), manifest_id=image.pk)


def request_judgement(*, manifest: Manifest) -> None:
    """Have a worker judge the manifest, or judge it again by newer rules."""
    if manifest.verdict == Verdict.PENDING:
        request_validation(manifest=manifest)
    else:
        jobs.enqueue("rejudge-manifest", key=str(manifest.pk), manifest_id=manifest.pk)


def judged_before() -> QuerySet[Manifest]:
    """Return the manifests with a verdict that rests on older rules than today's."""
    rows = Manifest.objects.select_related("extension__namespace", "module")
    return rows.filter(
        # The forms that the hub packed follow their original.
        Q(converted_from=None),
        Q(module__isnull=True) | Q(module__rule_set__lt=RULE_SET),
        verdict__in=[Verdict.PASSED, Verdict.FAILED],
    )


def request_rejudging() -> int:
    """Have everything that older rules judged be judged again; return how many manifests."""
    ids = list(judged_before().values_list("pk", flat=True))
    for manifest_id in ids:
        jobs.enqueue("rejudge-manifest", key=str(manifest_id), manifest_id=manifest_id)
    return len(ids)


def request_all_proofs() -> int:
    """Have the Envoys of this machine load what passed; return how many modules that are."""
    passed = Manifest.objects.filter(verdict=Verdict.PASSED, module__isnull=False)
    modules = set(passed.values_list("module__sha256", flat=True))
    for sha256 in modules:
        request_proofs(sha256=sha256)
    return len(modules)


def request_proofs(*, sha256: str) -> None:
    """Have each Envoy of this machine load a module that none of its release has loaded yet."""
    known = Proof.objects.filter(sha256=sha256, loads__isnull=False)
    for version in installed(envoy_folder()).keys() - set(known.values_list("version", flat=True)):
        jobs.enqueue("prove-module", key=f"{sha256}@{version}", sha256=sha256, version=version)
