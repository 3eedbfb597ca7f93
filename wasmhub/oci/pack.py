"""
Pack a module into an image: the canonical form, or a CNCF Wasm artifact.

The same input makes the same bytes, as long as zlib compresses alike.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from wasmhub.oci import media
from wasmhub.oci.digests import Digest, sha256_of
from wasmhub.oci.extract import PLUGIN, RUNTIME_CONFIG
from wasmhub.oci.images import VARIANT_ANNOTATION
from wasmhub.oci.manifest import parse_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


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


def pack(  # noqa: PLR0913 - its parts are its arguments
    module: bytes,
    *,
    created: datetime | None = None,
    annotations: Mapping[str, str] | None = None,
    root_ids: Sequence[str] = (),
    abi_versions: Sequence[str] = (),
    runtime_config: bytes | None = None,
) -> PackedImage:
    """
    Pack a module so that every proxy loads it; `created` must be aware of its time zone.

    `annotations` go into the manifest; the hub reads `org.opencontainers.image.*` from there.
    `runtime_config`, or else `root_ids` and `abi_versions`, if any, become a runtime-config.json
    beside the module.
    Raises InvalidManifestError when the annotations make no acceptable manifest.
    """
    beside = runtime_config or _runtime_config(root_ids, abi_versions)
    archive = _archive({PLUGIN: module, **({RUNTIME_CONFIG: beside} if beside else {})})
    stamp = {"created": _timestamp(created)} if created else {}
    config = _blob(media.OCI_CONFIG, _json({**stamp, **_config(sha256_of(archive))}))
    layer = _blob(media.OCI_LAYER_TAR_GZIP, _gzip(archive))
    said = {
        **{f"org.opencontainers.image.{key}": value for key, value in stamp.items()},
        **(annotations or {}),
        VARIANT_ANNOTATION: "compat",
    }
    return _image(config, layer, layer.descriptor(), said)


def pack_cncf(
    module: bytes,
    *,
    created: datetime | None = None,
    annotations: Mapping[str, str] | None = None,
) -> PackedImage:
    """
    Pack a module into a CNCF Wasm artifact (TAG Runtime, "Wasm OCI Artifact layout").

    wkg and its relatives read it; they want a time, which is the epoch when none is given.
    Raises InvalidManifestError when the annotations make no acceptable manifest.
    """
    layer = _blob(media.WASM, module)
    config = {
        "created": _timestamp(created or _EPOCH),
        "author": None,
        "architecture": "wasm",
        "os": "wasip1",
        "layerDigests": [str(layer.digest)],
    }
    # The layer's title is the file's name for programs that write layers as files.
    title = {"annotations": {"org.opencontainers.image.title": PLUGIN}}
    return _image(
        _blob(media.CNCF_CONFIG, _json(config)), layer, {**layer.descriptor(), **title}, annotations
    )


def _image(
    config: Blob,
    layer: Blob,
    layer_descriptor: Mapping[str, Any],
    annotations: Mapping[str, str] | None,
) -> PackedImage:
    manifest = {
        "schemaVersion": 2,
        "mediaType": media.OCI_MANIFEST,
        "config": config.descriptor(),
        "layers": [layer_descriptor],
        **({"annotations": dict(annotations)} if annotations else {}),
    }
    body = _json(manifest)
    parse_manifest(body, media.OCI_MANIFEST)
    return PackedImage(body, sha256_of(body), config, layer)


def _runtime_config(root_ids: Sequence[str], abi_versions: Sequence[str]) -> bytes | None:
    if not root_ids and not abi_versions:
        return None
    runtime_config = {
        "type": "envoy_proxy",
        "abiVersions": list(abi_versions),
        "config": {"rootIds": list(root_ids)},
    }
    return _json(runtime_config)


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
