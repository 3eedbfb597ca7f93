"""Pack an image's module into the other forms, beside the original, which stays as it is."""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from catalog.services import hold, record_conversion
from core.content import keep
from core.errors import NotFoundError
from registry.models import ManifestBlob
from registry.services import check_room, link_blob
from validation.judging import read_image
from wasmhub.oci import Digest, ExtractedModule, repack
from wasmhub.oci.media import OCI_MANIFEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.models import Manifest
    from core.content import Kept
    from wasmhub.oci import PackedImage


@dataclass(frozen=True, slots=True)
class Packed:
    """An image that was packed, with its blobs in the content store."""

    form: str
    image: PackedImage
    kept: Sequence[Kept]


def pack_other_forms(manifest: Manifest) -> tuple[Manifest, list[Packed]]:
    """
    Pack what proxies load of a manifest into each form that it lacks; return the original too.

    The forms are empty when the module is none that passes.

    :raises QuotaExceededError: the namespace has no room for a form
    """
    with tempfile.TemporaryFile() as file:
        read = read_image(manifest, file)
        if read is None or read.diagnosis.plan is None or not read.is_good:
            return manifest, []
        file.seek(0)
        module = ExtractedModule(file.read(), runtime_config=read.reading.runtime_config)
    packed = []
    for form in read.diagnosis.plan.conversions:
        image = repack(
            form,
            module,
            original=read.parsed,
            original_digest=Digest.parse(read.row.digest),
            config=read.config,
            created=read.row.created,  # a second attempt makes the same bytes
        )
        blobs = (image.config, image.layer)
        for blob in blobs:
            size = len(blob.data)
            check_room(extension=manifest.extension, sha256=blob.digest.hex, size=size)
        kept = [keep(io.BytesIO(blob.data)) for blob in blobs]
        packed.append(Packed(form, image, kept))
    return read.row, packed


@transaction.atomic
def record_forms(*, original: Manifest, forms: Sequence[Packed]) -> None:
    """Write the forms of an image, with the links to their blobs; nothing if it was deleted."""
    try:
        extension = hold(original.extension_id)
    except NotFoundError:
        return
    for packed in forms:
        manifest = record_conversion(
            original=original,
            form=packed.form,
            digest=str(packed.image.manifest_digest),
            media_type=OCI_MANIFEST,
            content=packed.image.manifest,
        )
        if manifest is None:
            return
        links = [
            link_blob(extension=extension, digest=Digest("sha256", each.sha256), kept=each)
            for each in packed.kept
        ]
        named = [ManifestBlob(manifest=manifest, link=link) for link in links]
        ManifestBlob.objects.bulk_create(named, ignore_conflicts=True)
