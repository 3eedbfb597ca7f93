"""Examine an image whose blobs are all at hand, in this process: for the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wasmhub.oci.diff_ids import CONFIG_MAX_BYTES
from wasmhub.oci.doctor import Diagnosis, examine
from wasmhub.oci.errors import ImageError
from wasmhub.oci.extract import ExtractedModule, extract_module
from wasmhub.oci.images import ModuleLayer, module_layer, proxy_child
from wasmhub.oci.manifest import MANIFEST_MAX_BYTES, ParsedManifest, parse_manifest

if TYPE_CHECKING:
    from wasmhub.oci.descriptors import Descriptor
    from wasmhub.oci.layouts import BlobOpener


@dataclass(frozen=True, slots=True)
class Inspection:
    """Hold the diagnosis, and the image that proxies would take, as far as there is one."""

    diagnosis: Diagnosis
    image: ParsedManifest | None
    config: bytes | None = None
    module: ExtractedModule | None = None


def inspect_image(manifest: ParsedManifest, open_blob: BlobOpener, limit: int) -> Inspection:
    """
    Examine an image or an index, with a module of at most `limit` bytes.

    `open_blob` raises OSError for a blob that is missing, which is passed on.
    Raises InvalidManifestError when the child of an index is no acceptable manifest.
    """
    image = manifest if manifest.kind == "image" else _child(manifest, open_blob)
    if image is None or image.kind == "index":
        return Inspection(examine(manifest, child=image), None)
    config = _config(image, open_blob)
    module, refusal = _module(image, open_blob, limit)
    diagnosis = examine(
        manifest,
        child=image,
        config=config,
        diff_id=module.diff_id if module else None,
        refusal=refusal,
    )
    return Inspection(diagnosis, image, config, module)


def _child(index: ParsedManifest, open_blob: BlobOpener) -> ParsedManifest | None:
    chosen = proxy_child(index)
    if chosen is None:
        return None
    return parse_manifest(_read(chosen, open_blob, MANIFEST_MAX_BYTES + 1), chosen.media_type)


def _config(image: ParsedManifest, open_blob: BlobOpener) -> bytes | None:
    if image.config is None:
        return None
    return _read(image.config, open_blob, CONFIG_MAX_BYTES + 1)


def _module(
    image: ParsedManifest, open_blob: BlobOpener, limit: int
) -> tuple[ExtractedModule | None, ImageError | None]:
    found = module_layer(image)
    if not isinstance(found, ModuleLayer):
        return None, None
    try:
        with open_blob(found.layer.digest) as layer:
            return extract_module(layer, found.packing, limit), None
    except ImageError as refusal:
        return None, refusal


def _read(blob: Descriptor, open_blob: BlobOpener, limit: int) -> bytes:
    with open_blob(blob.digest) as stream:
        data = bytearray()
        while len(data) < limit and (piece := stream.read(limit - len(data))):
            data += piece
    return bytes(data)
