"""Ask for a validation or a proof, inside the transaction that makes it due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from catalog.models import Manifest, Proof, Verdict
from catalog.selectors import proxy_image
from core import jobs
from validation.envoys import installed
from validation.proving import envoy_folder
from wasmhub.proxywasm import RULE_SET

if TYPE_CHECKING:
    from django.db.models import QuerySet


def request_validation(*, manifest: Manifest) -> None:
    """Have a worker judge the manifest unless it is judged already."""
    if manifest.verdict == Verdict.PENDING:
        jobs.enqueue("validate-manifest", key=str(manifest.pk), manifest_id=manifest.pk)


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
