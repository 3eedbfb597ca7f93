"""Hold an image's config to its layers: `rootfs.diff_ids` (OCI image-spec 1.1, config.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.oci import media
from wasmhub.oci.errors import InvalidManifestError
from wasmhub.oci.strict_json import read_object

if TYPE_CHECKING:
    from wasmhub.oci.descriptors import Descriptor
    from wasmhub.oci.digests import Digest
    from wasmhub.oci.manifest import ParsedManifest

CONFIG_MAX_BYTES: Final = 4 * 1024 * 1024


def read_diff_ids(config: bytes) -> tuple[str, ...] | None:
    """Return what a config lists; None when it is no image config that lists diff ids."""
    if len(config) > CONFIG_MAX_BYTES:
        return None
    try:
        rootfs = read_object(config).get("rootfs")
    except InvalidManifestError:
        return None
    listed = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        return None
    return tuple(listed)


def fault_of_diff_ids(
    manifest: ParsedManifest, config: bytes, layer: Descriptor, diff_id: Digest
) -> str:
    """Say what is wrong with the diff ids of an image whose `layer` unpacks to `diff_id`."""
    if manifest.config is None or manifest.config.media_type not in media.IMAGE_CONFIGS:
        return "The image's config is of another type than an image config, so it has no diff ids."
    listed = read_diff_ids(config)
    if listed is None:
        return "The image's config lists no diff ids that can be read."
    archives = [each for each in manifest.layers if each.media_type in media.ARCHIVE_LAYERS]
    if len(listed) != len(archives):
        return (
            f"The image has {len(archives)} archives, and its config lists {len(listed)} diff ids."
        )
    if listed[archives.index(layer)] != str(diff_id):
        return f"The config names another diff id than {diff_id}, which the layer unpacks to."
    return ""
