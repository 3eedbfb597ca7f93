"""The room's jobs: pack uploaded modules and other forms of images; forget stale uploads."""

from __future__ import annotations

import io
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from django.utils import timezone

from catalog.errors import QuotaExceededError
from catalog.models import Manifest, Release, Verdict
from catalog.services import Judgement, attach_packed, fail_packing, hold, record_verdict
from core.actor import Actor
from core.audit import THE_HUB
from core.content import content_store, keep
from core.errors import NotFoundError
from core.jobs import job
from core.policy import Role
from core.sweeper import periodic
from registry import refreshing
from registry.converting import pack_other_forms, record_forms
from registry.services import check_room, expire_uploads, link_blob, record_manifest
from validation.services import request_judgement
from validation.tasks import give_up as give_up_validation
from wasmhub.oci import Digest, pack, parse_manifest
from wasmhub.oci.media import OCI_MANIFEST
from wasmhub.proxywasm import RULE_SET, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.content import Kept
    from wasmhub.oci import PackedImage

UPLOADS_KEPT = timedelta(hours=24)
COULD_NOT_PACK = Finding(
    id="hub/could-not-pack",
    severity=Severity.ERROR,
    message="The hub could not pack this module in three attempts. This is the hub's fault, not "
    "the module's: upload it again, or tell us.",
    where="the hub",
)


def give_up(*, release_id: int, **_later: object) -> None:
    """End the packing as the hub's fault when every attempt was lost."""
    fail_packing(release_id=release_id, finding=COULD_NOT_PACK.as_json())


@job("pack-release", give_up=give_up)
def pack_release(*, release_id: int, **_later: object) -> Callable[[], None] | None:
    """Pack the module of a reserved release and store the image, unless that is done already."""
    release = (
        Release.objects.select_related("extension__namespace", "created_by")
        .filter(pk=release_id, manifest__isnull=True, failure__isnull=True)
        .first()
    )
    if release is None:
        return None
    with content_store().open(release.upload_sha256) as module:
        content = module.read()
    # The time of the reservation: a second attempt makes the same bytes.
    packed = pack(content, created=release.created, annotations=_annotations(release))
    try:
        for blob in (packed.config, packed.layer):
            size = len(blob.data)
            check_room(extension=release.extension, sha256=blob.digest.hex, size=size)
    except QuotaExceededError as error:
        return partial(fail_packing, release_id=release_id, finding=_full(error))
    kept = [keep(io.BytesIO(blob.data)) for blob in (packed.config, packed.layer)]
    return partial(_publish, release, packed, kept)


def give_up_form(*, manifest_id: int, **_later: object) -> None:
    """End the validation that waits for a form, as the hub's fault."""
    if Manifest.objects.filter(pk=manifest_id, verdict=Verdict.PENDING).exists():
        give_up_validation(manifest_id=manifest_id)


@job("convert-image", give_up=give_up_form)
def convert_image(*, manifest_id: int, **_later: object) -> Callable[[], None] | None:
    """Pack the form that proxies load of an image that they would refuse; then it is judged."""
    manifest = Manifest.objects.filter(pk=manifest_id).first()
    if manifest is None:
        return None
    try:
        original, forms = pack_other_forms(manifest)
    except QuotaExceededError as error:
        full = Judgement(Verdict.FAILED, RULE_SET, findings=[_full(error)])
        return partial(record_verdict, manifest=manifest, judgement=full)
    if not forms:
        raise RuntimeError("The image could not be read a second time.")

    def record() -> None:
        record_forms(original=original, forms=forms)
        request_judgement(manifest=manifest)

    return record


@job("add-forms", background=True)
def add_forms(*, manifest_id: int, **_later: object) -> Callable[[], None] | None:
    """Pack the forms that some clients like better beside an image that passed."""
    manifest = Manifest.objects.filter(pk=manifest_id, conversions=None).first()
    if manifest is None:
        return None
    try:
        original, forms = pack_other_forms(manifest)
    except QuotaExceededError:
        return None  # they can do without
    return partial(record_forms, original=original, forms=forms)


def _full(error: QuotaExceededError) -> dict[str, str]:
    """Return the finding that says so."""
    return Finding("hub/quota-exceeded", Severity.ERROR, error.message, "the namespace").as_json()


@periodic(every=timedelta(minutes=10))
def forget_stale_uploads() -> None:
    """Forget uploads that were begun and left, and logins that nobody came back to."""
    expire_uploads(before=timezone.now() - UPLOADS_KEPT)
    refreshing.forget_unused()


def _annotations(release: Release) -> dict[str, str]:
    extension = release.extension
    said = {
        "title": extension.title or extension.name,
        "description": extension.description,
        "version": release.version,
        "licenses": extension.license,
    }
    return {f"org.opencontainers.image.{key}": value for key, value in said.items() if value}


def _publish(release: Release, packed: PackedImage, kept: list[Kept]) -> None:
    """Let the release name the image, in the transaction that ends the job."""
    try:
        release.extension = hold(release.extension_id)  # as it is now: it may have moved
    except NotFoundError:
        return
    if not _is_current(release):
        return
    for each in kept:
        digest = Digest("sha256", each.sha256)
        link_blob(extension=release.extension, digest=digest, kept=each)
    manifest = record_manifest(
        actor=_actor(release),
        extension=release.extension,
        content=packed.manifest,
        parsed=parse_manifest(packed.manifest, OCI_MANIFEST),
    )
    attach_packed(release=release, manifest=manifest)


def _is_current(release: Release) -> bool:
    """Test that no other bytes took the place meanwhile; those have a job of their own."""
    return Release.objects.filter(
        pk=release.pk, upload_sha256=release.upload_sha256, manifest__isnull=True
    ).exists()


def _actor(release: Release) -> Actor:
    """
    Return who is packing: the one who uploaded, or the hub when their account is gone.

    Their right was judged when the upload was accepted; the worker only ends what they began.
    """
    roles = MappingProxyType({release.extension.namespace.name: Role.MEMBER})
    creator = release.created_by
    if creator is None:
        return Actor(name=THE_HUB, roles=roles)
    return Actor(creator.pk, creator.username, roles)
