"""Is every byte there that the hub has acknowledged? Read them all and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.models import Manifest, Release
from core.content import ContentError, content_store, sha256_of_file
from registry.models import BlobLink
from wasmhub.oci import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator


def problems() -> Iterator[str]:
    """Yield a sentence for everything that is absent or not what it should be."""
    for manifest in Manifest.objects.select_related("extension__namespace").iterator(50):
        if not Digest.parse(manifest.digest).matches(bytes(manifest.content)):
            yield f"The manifest {manifest} has other bytes than its digest says."
    seen: set[str] = set()
    for sha256, what in _acknowledged():
        if sha256 not in seen:
            seen.add(sha256)
            if (wrong := _wrong(sha256)) is not None:
                yield f"{what}: {wrong}"


def _acknowledged() -> Iterator[tuple[str, str]]:
    for link in BlobLink.objects.select_related("extension__namespace").iterator(500):
        yield link.sha256, f"The blob {link.digest} of {link.extension}"
    uploads = Release.objects.exclude(upload_sha256="").select_related("extension__namespace")
    for release in uploads.iterator(500):
        yield release.upload_sha256, f"The upload of {release}"
    judged = Manifest.objects.filter(verdict="passed", module__isnull=False).defer("content")
    for manifest in judged.select_related("module", "extension__namespace").iterator(500):
        if manifest.module is not None:
            yield manifest.module.sha256, f"The module of {manifest}"


def _wrong(sha256: str) -> str | None:
    try:
        if content_store().stat(sha256, fresh=True) is None:
            return f"The store does not hold sha256:{sha256}."
        with content_store().open(sha256) as file:
            found = sha256_of_file(file)
    except ContentError as error:
        return error.message
    return None if found == sha256 else f"The store has other bytes than sha256:{sha256}."
