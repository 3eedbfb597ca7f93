"""Build images of every form, sound and broken, with their blobs, for tests."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from wasmhub.oci import Digest, ParsedManifest, media, parse_manifest, sha256_of

MODULE = b"\0asm\x01\0\0\0"
VARIANT = {"module.wasm.image/variant": "compat"}
RUNTIME_CONFIG = b'{"type":"envoy_proxy","abiVersions":["v0.2.1"],"config":{"rootIds":["jwt"]}}'
TITLE = "org.opencontainers.image.title"


@dataclass
class Image:
    """A manifest, and the blobs of all images in the same place by digest."""

    manifest: bytes
    media_type: str
    blobs: dict[Digest, bytes] = field(default_factory=dict)

    @property
    def digest(self) -> Digest:
        return sha256_of(self.manifest)

    @property
    def parsed(self) -> ParsedManifest:
        return parse_manifest(self.manifest, self.media_type)

    @property
    def config(self) -> bytes:
        named = self.parsed.config
        assert named is not None
        return self.blobs[named.digest]

    def open(self, digest: Digest) -> BinaryIO:
        return io.BytesIO(self.blobs[digest])


def tar(members: Mapping[str, bytes] | Sequence[tuple[str, bytes]]) -> bytes:
    """Make an archive of files, in order; a sequence may repeat a name."""
    pairs = members.items() if isinstance(members, Mapping) else members
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in pairs:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def tgz(members: Mapping[str, bytes] | Sequence[tuple[str, bytes]]) -> bytes:
    return gzip.compress(tar(members), mtime=0)


PLUGIN_TAR = tar({"plugin.wasm": MODULE})
PLUGIN_TGZ = gzip.compress(PLUGIN_TAR, mtime=0)


def build(
    layers: Sequence[tuple[str, bytes]],
    *,
    config_type: str = media.OCI_CONFIG,
    config: bytes | None = None,
    media_type: str = media.OCI_MANIFEST,
    annotations: Mapping[str, str] | None = None,
    **more: Any,
) -> Image:
    """Make an image of (media type, bytes) layers; its config lists their diff ids by default."""
    config = image_config(layers) if config is None else config
    contents = [(config_type, config), *layers]
    descriptors = [
        {"mediaType": kind, "digest": str(sha256_of(data)), "size": len(data)}
        for kind, data in contents
    ]
    document = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": descriptors[0],
        "layers": descriptors[1:],
        "annotations": annotations,
        **more,
    }
    manifest = json.dumps(document).encode()
    return Image(manifest, media_type, {sha256_of(data): data for _, data in contents})


def image_config(layers: Sequence[tuple[str, bytes]]) -> bytes:
    """Make the config of an image with these layers, with the right diff ids."""
    diff_ids = [str(sha256_of(_unpacked(data))) for kind, data in layers if "tar" in kind]
    return json.dumps(
        {
            "os": "linux",
            "architecture": "amd64",
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        }
    ).encode()


def _unpacked(data: bytes) -> bytes:
    """Unpack as much as there is: some layers are cut off on purpose."""
    is_gzip = data.startswith(b"\x1f\x8b")
    return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(data) if is_gzip else data


def index(*children: tuple[Image, str | None]) -> Image:
    """Make an index of (image, "os/architecture" or None) with the blobs of all children."""
    entries = [
        {
            "mediaType": child.media_type,
            "digest": str(child.digest),
            "size": len(child.manifest),
            "platform": dict(zip(("os", "architecture"), platform.split("/"), strict=True))
            if platform
            else None,
        }
        for child, platform in children
    ]
    document = {"schemaVersion": 2, "mediaType": media.OCI_INDEX, "manifests": entries}
    blobs: dict[Digest, bytes] = {}
    for child, _ in children:
        blobs |= child.blobs | {child.digest: child.manifest}
    return Image(json.dumps(document).encode(), media.OCI_INDEX, blobs)


def compat_oci(layer: bytes = PLUGIN_TGZ, **more: Any) -> Image:
    more = {"annotations": VARIANT, **more}
    return build([(media.OCI_LAYER_TAR_GZIP, layer)], **more)


def compat_docker() -> Image:
    return build(
        [(media.DOCKER_LAYER_TAR_GZIP, PLUGIN_TGZ)],
        config_type=media.DOCKER_CONFIG,
        media_type=media.DOCKER_MANIFEST,
    )


def wasme(*more: tuple[str, bytes], config_layer: bool = True) -> Image:
    first = [(media.WASME_CONFIG, RUNTIME_CONFIG)] if config_layer else []
    return build(
        [*first, (media.WASME_CONTENT, MODULE), *more],
        config_type=media.WASME_CONFIG,
        config=RUNTIME_CONFIG,
        annotations={
            "module.wasm.runtime/abi_version": "v0.2.1",
            "module.wasm.runtime/type": "envoy_proxy",
        },
    )


def cncf() -> Image:
    config = {"architecture": "wasm", "os": "wasip1", "layerDigests": [str(sha256_of(MODULE))]}
    return build(
        [(media.WASM, MODULE)], config_type=media.CNCF_CONFIG, config=json.dumps(config).encode()
    )


def higress(*metadata: tuple[str, bytes]) -> Image:
    first = metadata or ((media.HIGRESS_SPEC, b"info:\n  name: jwt\n"),)
    layers = [*first, (media.OCI_LAYER_TAR_GZIP, PLUGIN_TGZ)]
    return build(layers, config_type="application/vnd.oci.empty.v1+json", config=b"{}")


def wasm_to_oci() -> Image:
    return build(
        [(media.WASM_TO_OCI_CONTENT, MODULE)],
        config_type=media.WASM_TO_OCI_CONFIG,
        config=b"{}",
    )
