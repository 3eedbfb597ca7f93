"""Releases that come as a bare module, through the page or the REST API."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import Extension, Manifest, Release
from catalog.selectors import where
from catalog.services.extensions import check_field, find_to_publish, open_extension
from catalog.services.following import note_change
from catalog.services.holding import hold
from catalog.services.rules import check_tag
from core import audit, jobs
from core.content import keep
from core.errors import InvalidError, TooLargeError, VersionExistsError
from core.policy import Permission, require
from wasmhub.oci import InvalidVersionError, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.actor import Actor


def reserve_release(  # noqa: PLR0913 - its parts are its arguments
    *,
    actor: Actor,
    namespace: str,
    name: str,
    version: str,
    module: BinaryIO,
    description: str = "",
    visibility: str | None = None,
) -> Release:
    """
    Keep the module's bytes, reserve the version, and ask a worker to pack and judge it.

    The same bytes again give the same release. ``description`` and ``visibility`` are for a new
    name; an existing extension keeps its own. See ``open_extension`` for what else it raises.

    :raises NotFoundError: the actor may not know of the namespace or the extension
    :raises NotAllowedError: the actor may read, but not publish, or the version is protected
    :raises InvalidError: the version is none, the file is empty, or the description breaks a rule
    :raises VersionExistsError: the version is taken by other bytes
    """
    find_to_publish(actor=actor, namespace=namespace, name=name)
    try:
        canonical = str(Version.parse(version))
    except InvalidVersionError as error:
        raise InvalidError(str(error), fields={"version": [str(error)]}) from error
    check_field("description", description)
    extension = open_extension(actor=actor, namespace=namespace, name=name, visibility=visibility)
    sha256 = keep(module, check=_check_size).sha256
    with transaction.atomic():
        extension = hold(extension.pk)
        require(actor, Permission.EXTENSION_PUBLISH, **where(extension))
        check_tag(actor=actor, extension=extension, tag=version.strip())
        release = _reserve(actor, extension, canonical, version.strip(), sha256)
        if extension.pushed is None:
            Extension.objects.filter(pk=extension.pk).update(
                pushed=timezone.now(), description=extension.description or description
            )
        note_change(extension.pk)
        # The bytes are part of the key: a job that still packs replaced ones is no job for these.
        key = f"{release.pk}-{release.upload_sha256}"
        jobs.enqueue("pack-release", key=key, release_id=release.pk)
    return release


def _check_size(size: int) -> None:
    if size > settings.MAX_UPLOAD_BYTES:
        raise TooLargeError(f"A module may have {settings.MAX_UPLOAD_BYTES} bytes.")
    if size == 0:
        raise InvalidError(
            "The file is empty. Choose the .wasm file that your build made.",
            fields={"module": ["The file is empty."]},
        )


def _reserve(actor: Actor, extension: Extension, version: str, tag: str, sha256: str) -> Release:
    fields = {
        "tag": tag,
        "manifest": None,
        "upload_sha256": sha256,
        "failure": None,
        "created_by_id": actor.user_id,
    }
    try:
        with transaction.atomic():
            release = Release.objects.create(extension=extension, version=version, **fields)
    except IntegrityError:
        taken = Release.objects.filter(extension=extension, version=version)
        same = taken.filter(upload_sha256=sha256).first()
        if same is not None:
            return same
        if not taken.filter(passed__isnull=True).update(**fields):
            raise VersionExistsError(
                f"{extension} {version} was released with other bytes. A release never changes: "
                "choose the next version.",
                version=version,
            ) from None
        release = taken.get()
    audit.record(actor, "release.reserved", str(extension), version=version, module=sha256)
    return release


def attach_packed(*, release: Release, manifest: Manifest) -> bool:
    """Let a reserved release name its packed image; False when it was replaced."""
    mine = Release.objects.filter(pk=release.pk, upload_sha256=release.upload_sha256)
    passed = {"passed": timezone.now()} if manifest.is_readable else {}
    attached = mine.filter(manifest__isnull=True).update(manifest=manifest, **passed)
    note_change(release.extension_id)
    return bool(attached)


def fail_packing(*, release_id: int, finding: Mapping[str, str]) -> None:
    """Say on the release why it could not be packed."""
    unpacked = Release.objects.filter(pk=release_id, manifest__isnull=True)
    if unpacked.update(failure=dict(finding)):
        audit.record(None, "release.not-packed", str(unpacked.get()))
