"""Which image proxies get of a manifest, and the forms that the hub packed beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.models import Conversion, Manifest
from wasmhub.oci import (
    ModuleLayer,
    Version,
    converted_tag,
    module_layer,
    parse_manifest,
    proxy_child,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.models import Release


def proxy_image(manifest: Manifest) -> Manifest | None:
    """Return the image itself, or of an index the child that proxies resolve, if it is here."""
    parsed = parse_manifest(bytes(manifest.content), manifest.media_type)
    if parsed.kind == "image":
        return manifest
    child = proxy_child(parsed)
    if child is None:
        return None
    siblings = Manifest.objects.filter(extension=manifest.extension_id)
    return siblings.filter(digest=str(child.digest)).first()


def converted(manifest: Manifest, form: str) -> Manifest | None:
    """
    Return the form of an image that the hub packed; None while there is none.

    Of a canonical image, the canonical form is the image itself.
    """
    image = proxy_image(manifest)
    if image is None:
        return None
    rows = Conversion.objects.filter(original=image).select_related("manifest")
    forms = {each.form: each.manifest for each in rows}
    # All forms are made at once: the one that is missing beside others was not needed.
    if forms and form == Conversion.Form.CANONICAL:
        return forms.get(form, image)
    return forms.get(form)


def pinned_image(manifest: Manifest) -> Manifest:
    """Return the image that proxies load and deploy manifests pin, which need not be the pushed."""
    image = proxy_image(manifest) or manifest
    found = module_layer(parse_manifest(bytes(image.content), image.media_type))
    if isinstance(found, ModuleLayer) and not found.loads:
        return converted(image, Conversion.Form.CANONICAL) or image
    return image


def pinned_tag(release: Release) -> str | None:
    """Return a tag by which the pinned image of a packed release is pulled, if it has one."""
    manifest = release.manifest
    if manifest is None:
        raise ValueError("only a packed release has an image")
    form = Conversion.objects.filter(manifest=pinned_image(manifest)).values_list("form", flat=True)
    return converted_tag(form[0], Version.parse(release.version)) if form else release.version


def tags_of_forms(releases: Iterable[Release]) -> set[str]:
    """Return the tags of the forms that were packed of these releases' images."""
    versions: dict[int | None, list[Version]] = {}
    for release in releases:
        versions.setdefault(release.manifest_id, []).append(Version.parse(release.version))
    rows = Conversion.objects.filter(original__in=[key for key in versions if key is not None])
    tags = {
        converted_tag(Conversion.Form(form).value, version)
        for original, form in rows.values_list("original", "form")
        for version in versions[original]
    }
    return {tag for tag in tags if tag is not None}
