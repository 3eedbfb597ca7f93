"""
Read manifests strictly, so that no two readers can understand one in two ways (CVE-2021-41190).

Go programs (istio-agent, containerd, oras) match JSON keys without regard to case and let the
last one win; whatever they could read differently from this module is refused here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from wasmhub.oci import media
from wasmhub.oci.descriptors import (
    Descriptor,
    read_annotations,
    read_descriptor,
    read_descriptors,
    read_text,
)
from wasmhub.oci.errors import InvalidManifestError
from wasmhub.oci.strict_json import read_object, refuse_look_alike_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST_MAX_BYTES: Final = 4 * 1024 * 1024
_FIELDS: Final = frozenset(
    {
        "schemaVersion",
        "mediaType",
        "artifactType",
        "config",
        "layers",
        "manifests",
        "subject",
        "annotations",
    }
)
# Keys that make a document one kind of manifest; `fsLayers` is Docker's schema 1.
_FOREIGN_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "image": ("manifests", "fsLayers"),
    "index": ("config", "layers", "fsLayers"),
}


@dataclass(frozen=True, slots=True)
class ParsedManifest:
    """Hold what a well-formed manifest says."""

    kind: Literal["image", "index"]
    media_type: str
    config: Descriptor | None
    layers: tuple[Descriptor, ...]
    manifests: tuple[Descriptor, ...]
    subject: Descriptor | None
    artifact_type: str | None
    """What `referrers` lists: `artifactType`, for images else the config's media type."""
    annotations: Mapping[str, str] = field(hash=False)

    def required_blobs(self) -> tuple[Descriptor, ...]:
        """List the blobs the registry must hold: config and distributable layers, each once."""
        config = (self.config,) if self.config is not None else ()
        layers = (layer for layer in self.layers if layer.is_distributable)
        return tuple({blob.digest: blob for blob in (*config, *layers)}.values())


def parse_manifest(body: bytes, content_type: str | None) -> ParsedManifest:
    """Read an image manifest or an index, or raise InvalidManifestError."""
    if len(body) > MANIFEST_MAX_BYTES:
        raise InvalidManifestError("A manifest has at most 4 MiB.")
    document = read_object(body)
    refuse_look_alike_keys(document, _FIELDS, "manifest")
    version = document.get("schemaVersion")
    if version != 2 or not isinstance(version, int):  # noqa: PLR2004  the format's own number
        raise InvalidManifestError("A manifest's schemaVersion is the number 2.")
    media_type = _media_type(document, content_type)
    kind: Literal["image", "index"] = "image" if media_type in media.IMAGE_MANIFESTS else "index"
    for key in _FOREIGN_KEYS[kind]:
        if key in document:
            raise InvalidManifestError(
                f"An {kind} manifest may not have {key}: it would be two kinds at once."
            )
    return _read(document, kind, media_type)


def _read(
    document: Mapping[str, object], kind: Literal["image", "index"], media_type: str
) -> ParsedManifest:
    config = read_descriptor(document.get("config"), "config") if kind == "image" else None
    layers = read_descriptors(document.get("layers"), "layers")
    _refuse_two_sizes(layers if config is None else (config, *layers))
    subject = document.get("subject")
    artifact_type = read_text(document.get("artifactType"), "artifactType") or None
    return ParsedManifest(
        kind=kind,
        media_type=media_type,
        config=config,
        layers=layers,
        manifests=read_descriptors(document.get("manifests"), "manifests"),
        subject=None if subject is None else read_descriptor(subject, "subject"),
        artifact_type=artifact_type or (config.media_type if config is not None else None),
        annotations=read_annotations(document.get("annotations"), "the manifest"),
    )


def _media_type(document: Mapping[str, object], content_type: str | None) -> str:
    """Find the one type that the body and the Content-Type agree on."""
    declared = document.get("mediaType")
    if declared is not None and not isinstance(declared, str):
        raise InvalidManifestError("A manifest's mediaType is a text.")
    sent = (content_type or "").partition(";")[0].strip() or None
    if declared is not None and sent is not None and declared != sent:
        raise InvalidManifestError("The manifest's mediaType and its Content-Type must be equal.")
    media_type = declared or sent
    if media_type not in media.IMAGE_MANIFESTS | media.INDEXES:
        raise InvalidManifestError(
            "The media type must be an OCI image manifest or index, or a Docker manifest "
            "(schema 2) or manifest list."
        )
    if media_type in media.DOCKER_TYPES and declared is None:
        raise InvalidManifestError("A Docker manifest must state its mediaType.")
    return media_type


def _refuse_two_sizes(descriptors: tuple[Descriptor, ...]) -> None:
    sizes = {descriptor.digest: descriptor.size for descriptor in descriptors}
    if any(sizes[descriptor.digest] != descriptor.size for descriptor in descriptors):
        raise InvalidManifestError("A manifest may not name one blob with two different sizes.")
