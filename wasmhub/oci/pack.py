"""Pack a module into the canonical image: form "compat-oci", the same bytes each time."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from wasmhub.oci import media
from wasmhub.oci.digests import Digest, sha256_of
from wasmhub.oci.extract import PLUGIN, RUNTIME_CONFIG
from wasmhub.oci.images import VARIANT_ANNOTATION
from wasmhub.oci.manifest import parse_manifest
from wasmhub.oci.names import check_tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Blob:
    """Hold content to push, with its descriptor's facts."""

    media_type: str
    digest: Digest
    data: bytes

    def descriptor(self) -> dict[str, Any]:
        """Describe the blob as manifests do."""
        return {
            "mediaType": self.media_type,
            "digest": str(self.digest),
            "size": len(self.data),
        }


@dataclass(frozen=True, slots=True)
class PackedImage:
    """Hold an image ready to push: both blobs first, the manifest last."""

    manifest: bytes
    manifest_digest: Digest
    config: Blob
    layer: Blob


def pack(
    module: bytes,
    *,
    created: datetime | None = None,
    annotations: Mapping[str, str] | None = None,
    root_ids: Sequence[str] = (),
    abi_versions: Sequence[str] = (),
) -> PackedImage:
    """
    Pack a module so that every proxy loads it; `created` must be aware of its time zone.

    `annotations` go into the manifest; the hub reads `org.opencontainers.image.*` from there.
    `root_ids` and `abi_versions`, if any, make a runtime-config.json beside the module.
    Raises InvalidManifestError when the annotations make no acceptable manifest.
    """
    archive = _archive(_members(module, root_ids, abi_versions))
    stamp = {"created": _timestamp(created)} if created else {}
    config = _blob(media.OCI_CONFIG, _json({**stamp, **_config(sha256_of(archive))}))
    layer = _blob(media.OCI_LAYER_TAR_GZIP, _gzip(archive))
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": media.OCI_MANIFEST,
            "config": config.descriptor(),
            "layers": [layer.descriptor()],
            "annotations": {
                **{f"org.opencontainers.image.{key}": value for key, value in stamp.items()},
                **(annotations or {}),
                VARIANT_ANNOTATION: "compat",
            },
        }
    )
    parse_manifest(manifest, media.OCI_MANIFEST)
    return PackedImage(manifest, sha256_of(manifest), config, layer)


def write_oci_layout(packed: PackedImage, directory: Path, tag: str) -> None:
    """
    Write an OCI image layout (image-spec 1.1, image-layout.md) with one tagged image.

    Raises FileExistsError when the directory already holds a layout.
    """
    check_tag(tag)
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    with (directory / "oci-layout").open("xb") as layout:
        layout.write(_json({"imageLayoutVersion": "1.0.0"}))
    manifest = Blob(media.OCI_MANIFEST, packed.manifest_digest, packed.manifest)
    for blob in (packed.config, packed.layer, manifest):
        (blobs / blob.digest.hex).write_bytes(blob.data)
    entry = {**manifest.descriptor(), "annotations": {"org.opencontainers.image.ref.name": tag}}
    index = {"schemaVersion": 2, "mediaType": media.OCI_INDEX, "manifests": [entry]}
    (directory / "index.json").write_bytes(_json(index))


def _members(
    module: bytes, root_ids: Sequence[str], abi_versions: Sequence[str]
) -> dict[str, bytes]:
    if not root_ids and not abi_versions:
        return {PLUGIN: module}
    runtime_config = {
        "type": "envoy_proxy",
        "abiVersions": list(abi_versions),
        "config": {"rootIds": list(root_ids)},
    }
    return {PLUGIN: module, RUNTIME_CONFIG: _json(runtime_config)}


def _config(diff_id: Digest) -> dict[str, Any]:
    return {
        # Fetchers resolve images for linux/amd64, container runtimes compare it with the config.
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [str(diff_id)]},
    }


def _archive(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def _gzip(data: bytes) -> bytes:
    # GzipFile, unlike gzip.compress, writes a header that does not name the operating system.
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as packed:
        packed.write(data)
    return buffer.getvalue()


def _blob(media_type: str, data: bytes) -> Blob:
    return Blob(media_type, sha256_of(data), data)


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
