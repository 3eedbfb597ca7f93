"""How a release's image is packed, who loads it, and the forms that the hub made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.models import Conversion
from catalog.selectors.conversions import pinned_image, proxy_image
from core.errors import NotFoundError
from wasmhub.oci import Version, converted_tag

if TYPE_CHECKING:
    from catalog.models import Release


def packaging_of(release: Release) -> dict[str, Any]:
    """
    Return the image's form, its loaders, the digest that proxies pin, and the other forms.

    :raises NotFoundError: no worker has looked at the image yet
    """
    manifest = release.manifest
    if manifest is None or manifest.packaging is None:
        raise NotFoundError("No worker has looked at this release's image yet.")
    said = manifest.packaging
    return {
        **{each: said[each] for each in ("form", "letter", "title", "loaders")},
        "pinned": pinned_image(manifest).digest if said["pin"] else None,
        "forms": _forms(release),
    }


def _forms(release: Release) -> list[dict[str, Any]]:
    image = proxy_image(release.manifest) if release.manifest is not None else None
    rows = Conversion.objects.filter(original=image).order_by("form").select_related("manifest")
    version = Version.parse(release.version)
    return [
        {
            "form": row.form,
            "tag": converted_tag(row.form, version),
            "digest": row.manifest.digest,
        }
        for row in rows.defer("manifest__content", "manifest__findings")
    ]
