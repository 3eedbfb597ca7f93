"""Images that lie on this machine: OCI image layouts, and what `docker save` writes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from wasmhub.cli.errors import UsageError
from wasmhub.cli.files import open_checked, read_document
from wasmhub.oci import BlobOpener, Digest, OciError, media, parse_manifest, sha256_of
from wasmhub.oci.checked import BLOB_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wasmhub.cli.files import Files
    from wasmhub.oci import ParsedManifest

_TAG: Final = "org.opencontainers.image.ref.name"
_GZIP: Final = b"\x1f\x8b"
_CHUNK: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Image:
    """An image or an index, with its blobs at hand."""

    content: bytes
    parsed: ParsedManifest
    digest: Digest | None
    """None when only a push will make a manifest of it."""
    open_blob: BlobOpener


def stored_image(files: Files, wanted: str) -> Image:
    """
    Return the image that files hold; ``wanted`` is its tag or digest when there are several.

    Raises UsageError with what to do.
    """
    listed = _listed(files)
    saved = read_document(files, "manifest.json")
    if listed is not None:
        image = _of_layout(files, _choose(listed, _names_in_layout, wanted))
        # Docker writes both, with layers as they are before a push compresses them.
        if saved is None or not any(
            each.media_type in media.TAR_LAYERS for each in image.parsed.layers
        ):
            return image
    if saved is None:
        raise UsageError("There is no image: neither an OCI image layout nor a Docker archive.")
    return _of_docker(files, _choose(_objects(saved), _names_in_docker, wanted))


def _listed(files: Files) -> list[dict[str, Any]] | None:
    index = read_document(files, "index.json")
    if index is None:
        return None
    document = _json(index)
    return _objects(document.get("manifests") if isinstance(document, dict) else None)


def _objects(data: object) -> list[dict[str, Any]]:
    listed = _json(data) if isinstance(data, bytes) else data
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise UsageError("The image's list of manifests cannot be read: save the image again.")
    return listed


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError("The image's list of manifests cannot be read: save it again.") from error


def _choose(
    listed: list[dict[str, Any]], names_of: Callable[[Mapping[str, Any]], list[str]], wanted: str
) -> dict[str, Any]:
    found = [each for each in listed if not wanted or wanted in names_of(each)]
    if len(found) == 1:
        return found[0]
    names = [name for each in listed for name in names_of(each)[:1]][:20]
    if not listed or not names:
        raise UsageError("There is no image in it.")
    choice = "one" if len(listed) > 1 else "it"
    raise UsageError(f"Name {choice} of its images with --image: {', '.join(names)}.")


def _names_in_layout(entry: Mapping[str, Any]) -> list[str]:
    annotations = entry.get("annotations")
    tag = annotations.get(_TAG) if isinstance(annotations, dict) else None
    return [each for each in (tag, entry.get("digest")) if isinstance(each, str)]


def _names_in_docker(entry: Mapping[str, Any]) -> list[str]:
    tags = entry.get("RepoTags")
    names = [each for each in tags if isinstance(each, str)] if isinstance(tags, list) else []
    return names or [str(entry.get("Config"))]


def _of_layout(files: Files, entry: Mapping[str, Any]) -> Image:
    def open_blob(digest: Digest) -> BinaryIO:
        return open_checked(files, f"blobs/{digest.algorithm}/{digest.hex}", digest)

    try:
        digest = Digest.parse(str(entry.get("digest")))
        with open_blob(digest) as blob:
            content = blob.read()
        media_type = entry.get("mediaType")
        parsed = parse_manifest(content, media_type if isinstance(media_type, str) else None)
    except OciError as error:
        raise UsageError(f"The image's manifest cannot be read: {error}") from error
    return Image(content, parsed, digest, open_blob)


def _of_docker(files: Files, entry: Mapping[str, Any]) -> Image:
    """Make the manifest that a push would make, but for the compressor: Docker saves none."""
    config = read_document(files, str(entry.get("Config")))
    paths = entry.get("Layers")
    if config is None or not isinstance(paths, list) or not paths:
        raise UsageError("The Docker archive is not whole: save the image again.")
    # Proxies read the last layer only; of the others the manifest needs no more than a name.
    last = _compressed(files, str(paths[-1]))
    layers = [*(_name(files, str(each)) for each in paths[:-1]), (sha256_of(last), len(last))]
    document = {
        "schemaVersion": 2,
        "mediaType": media.DOCKER_MANIFEST,
        "config": _descriptor(media.DOCKER_CONFIG, sha256_of(config), len(config)),
        "layers": [_descriptor(media.DOCKER_LAYER_TAR_GZIP, *each) for each in layers],
    }
    content = json.dumps(document).encode()
    try:
        parsed = parse_manifest(content, None)
    except OciError as error:
        raise UsageError(f"The Docker archive cannot be read: {error}") from error
    contents = {sha256_of(config): config, sha256_of(last): last}
    return Image(content, parsed, None, lambda digest: io.BytesIO(contents[digest]))


def _descriptor(kind: str, digest: Digest, size: int) -> dict[str, object]:
    return {"mediaType": kind, "digest": str(digest), "size": size}


def _name(files: Files, path: str) -> tuple[Digest, int]:
    content, size = hashlib.sha256(), 0
    with _open(files, path) as file:
        while data := file.read(_CHUNK):
            content.update(data)
            size += len(data)
    return Digest("sha256", content.hexdigest()), size


def _compressed(files: Files, path: str) -> bytes:
    with _open(files, path) as file:
        data = file.read(BLOB_MAX + 1)
    if len(data) > BLOB_MAX:
        raise UsageError(f"A layer has more than {BLOB_MAX} bytes.")
    return data if data.startswith(_GZIP) else gzip.compress(data, mtime=0)


def _open(files: Files, path: str) -> BinaryIO:
    file = files.open(path)
    if file is None:
        raise UsageError(
            "The Docker archive has links in it, or is not whole: copy the image with "
            "`skopeo copy docker-archive:FILE oci-archive:NEW`."
        )
    return file
