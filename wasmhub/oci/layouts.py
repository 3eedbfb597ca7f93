"""OCI image layouts (image-spec 1.1, image-layout.md): as a folder, or as a tar for air gaps."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from wasmhub.oci import media
from wasmhub.oci.digests import Digest, sha256_of
from wasmhub.oci.errors import ImageError, InvalidManifestError
from wasmhub.oci.manifest import parse_manifest
from wasmhub.oci.names import check_tag
from wasmhub.oci.tar_headers import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from wasmhub.oci.descriptors import Descriptor
    from wasmhub.oci.manifest import ParsedManifest
    from wasmhub.oci.pack import PackedImage

BlobOpener = Callable[[Digest], BinaryIO]
"""Open a blob for reading from its start; the reader closes it."""

_LAYOUT: Final = b'{"imageLayoutVersion":"1.0.0"}'
_CHUNK: Final = 256 * 1024
_END: Final = bytes(2 * BLOCK)


def write_oci_layout(packed: PackedImage, directory: Path, tag: str) -> None:
    """
    Write an OCI image layout with one tagged image into a folder.

    Raises FileExistsError when the directory already holds a layout.
    """
    check_tag(tag)
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    with (directory / "oci-layout").open("xb") as layout:
        layout.write(_LAYOUT)
    for blob in (packed.config, packed.layer):
        (blobs / blob.digest.hex).write_bytes(blob.data)
    (blobs / packed.manifest_digest.hex).write_bytes(packed.manifest)
    (directory / "index.json").write_bytes(_index(packed.manifest, media.OCI_MANIFEST, tag))


@dataclass(frozen=True, slots=True)
class LayoutTar:
    """
    An image layout as an uncompressed tar archive: the same bytes each time, never all in memory.

    `skopeo copy oci-archive:FILE:TAG …` and `podman load` read it, but see only OCI manifests in
    a layout: of a Docker image, write the canonical one.
    """

    manifest: bytes
    parsed: ParsedManifest
    tag: str

    @classmethod
    def of(cls, manifest: bytes, media_type: str, tag: str) -> LayoutTar:
        """
        Take an image's manifest, and the tag that the layout gives it.

        Raises InvalidManifestError, also for an index, and InvalidNameError for what is no tag.
        """
        parsed = parse_manifest(manifest, media_type)
        if parsed.kind == "index":
            raise InvalidManifestError("A layout is made of one image; resolve the index first.")
        return cls(manifest, parsed, check_tag(tag))

    @property
    def size(self) -> int:
        """The archive's number of bytes, before any blob is opened."""
        files = sum(BLOCK + len(data) + _padding(len(data)) for _, data in self._files())
        blobs = sum(BLOCK + blob.size + _padding(blob.size) for blob in self._blobs())
        return len(self._folders()) * BLOCK + files + blobs + len(_END)

    def chunks(self, open_blob: BlobOpener) -> Iterator[bytes]:
        """
        Yield the archive, opening one blob at a time and checking it on the way.

        Raises ImageError when a blob's bytes are not those that the manifest names: what was
        yielded until then is a broken archive.
        """
        for folder in self._folders():
            yield _header(folder, 0, tarfile.DIRTYPE)
        for name, data in self._files():
            yield _header(name, len(data)) + data + bytes(_padding(len(data)))
        for blob in self._blobs():
            yield _header(_path(blob.digest), blob.size)
            yield from _checked(open_blob, blob)
            yield bytes(_padding(blob.size))
        yield _END

    def _folders(self) -> list[str]:
        algorithms = {"sha256"} | {blob.digest.algorithm for blob in self._blobs()}
        return ["blobs", *(f"blobs/{algorithm}" for algorithm in sorted(algorithms))]

    def _files(self) -> list[tuple[str, bytes]]:
        index = _index(self.manifest, self.parsed.media_type, self.tag)
        return [
            ("oci-layout", _LAYOUT),
            ("index.json", index),
            (_path(sha256_of(self.manifest)), self.manifest),
        ]

    def _blobs(self) -> tuple[Descriptor, ...]:
        return self.parsed.required_blobs()


def _index(manifest: bytes, media_type: str, tag: str) -> bytes:
    entry: Mapping[str, object] = {
        "mediaType": media_type,
        "digest": str(sha256_of(manifest)),
        "size": len(manifest),
        "annotations": {"org.opencontainers.image.ref.name": tag},
    }
    index = {"schemaVersion": 2, "mediaType": media.OCI_INDEX, "manifests": [entry]}
    return json.dumps(index, sort_keys=True, separators=(",", ":")).encode()


def _path(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.hex}"


def _header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """Make one header that depends on nothing but its arguments."""
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, size
    member.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    return member.tobuf(tarfile.GNU_FORMAT)  # its numbers have no upper bound


def _padding(size: int) -> int:
    return -size % BLOCK


def _checked(open_blob: BlobOpener, blob: Descriptor) -> Iterator[bytes]:
    """Yield a blob's bytes; raise ImageError rather than more, fewer or others than named."""
    content, left = blob.digest.new_hash(), blob.size
    with open_blob(blob.digest) as stream:
        while piece := stream.read(_CHUNK):
            left -= len(piece)
            if left < 0:
                break
            content.update(piece)
            yield piece
    if left or content.hexdigest() != blob.digest.hex:
        raise ImageError(
            "image/bad-archive", f"The blob {blob.digest} holds other bytes than it names."
        )
