"""Read what a Higress image says of its plugin: spec.yaml, README*.md and icon.png (form E)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from wasmhub.oci import media
from wasmhub.oci.errors import OciError
from wasmhub.oci.safe_yaml import YAML_MAX_BYTES, Json, read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wasmhub.oci.descriptors import Descriptor
    from wasmhub.oci.layouts import BlobOpener
    from wasmhub.oci.manifest import ParsedManifest

README_MAX_BYTES: Final = 256 * 1024
ICON_MAX_BYTES: Final = 256 * 1024
_LAYERS_MAX: Final = 20
_TEXT_MAX: Final = 2000
_DOC: Final = re.compile(
    r"application/vnd\.module\.wasm\.doc\.v1(?:\.([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})?))?\+markdown"
)
_PNG: Final = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_WEB: Final = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class HigressSpec:
    """Hold what spec.yaml says; empty where it says nothing."""

    category: str = ""
    name: str = ""
    title: str = ""
    version: str = ""
    description: str = ""
    icon_url: str = ""
    contact: Mapping[str, str] = field(default_factory=dict)
    """`name`, `url` and `email`, those that are given."""
    phase: str = ""
    priority: int | None = None
    config_schema: Mapping[str, Any] | None = None
    """`spec.configSchema.openAPIV3Schema`: values that JSON has, not checked as a schema."""


@dataclass(frozen=True, slots=True)
class HigressMetadata:
    """Hold the metadata layers that could be read."""

    spec: HigressSpec | None = None
    readmes: Mapping[str, str] = field(default_factory=dict)
    """Markdown by language in lower case; `README.md` is under the empty text."""
    icon: bytes | None = None
    """A PNG by its signature; not decoded."""
    skipped: tuple[str, ...] = ()
    """A sentence for each layer that was not taken."""


def read_higress(manifest: ParsedManifest, open_blob: BlobOpener) -> HigressMetadata:
    """Read an image's metadata layers; what is odd or too large is skipped, with a sentence."""
    metadata = HigressMetadata()
    layers = [each for each in manifest.layers if media.is_higress_metadata(each.media_type)]
    for layer in layers[:_LAYERS_MAX]:
        try:
            metadata = _with_layer(metadata, layer, open_blob)
        except OciError as error:
            sentence = f"The layer {layer.digest} was skipped: {error}"
            metadata = replace(metadata, skipped=(*metadata.skipped, sentence))
    return metadata


def read_spec(data: bytes) -> HigressSpec:
    """Read a spec.yaml, or raise OciError; fields of a wrong kind count as not given."""
    values, texts = read_yaml(data)
    info = _mapping(_mapping(texts).get("info"))  # a version 1.10 is no number
    spec = _mapping(_mapping(values).get("spec"))
    icon_url = _text(info.get("iconUrl"))
    contact = {
        key: _text(value)
        for key, value in _mapping(info.get("contact")).items()
        if key in {"name", "url", "email"}
    }
    if not contact.get("url", "").startswith(_WEB):
        contact.pop("url", None)
    priority = spec.get("priority")
    schema = _mapping(spec.get("configSchema")).get("openAPIV3Schema")
    return HigressSpec(
        category=_text(info.get("category")),
        name=_text(info.get("name")),
        title=_text(info.get("title")),
        version=_text(info.get("version")),
        description=_text(info.get("description")),
        icon_url=icon_url if icon_url.startswith(_WEB) else "",
        contact={key: value for key, value in contact.items() if value},
        phase=_text(spec.get("phase")),
        priority=priority if type(priority) is int else None,
        config_schema=schema if isinstance(schema, dict) else None,
    )


def read_readme(data: bytes) -> str:
    """Read Markdown, or raise OciError when it is no text in UTF-8."""
    if len(data) > README_MAX_BYTES:
        raise OciError("A README has at most 256 KiB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OciError("A README is a text in UTF-8.") from None
    if "\0" in text:
        raise OciError("A README has no NUL in it.")
    return text


def read_icon(data: bytes) -> bytes:
    """Return a PNG unchanged, or raise OciError; only its beginning is looked at."""
    if len(data) > ICON_MAX_BYTES:
        raise OciError("An icon has at most 256 KiB.")
    if not data.startswith(_PNG):
        raise OciError("An icon is a PNG.")
    return data


def _with_layer(
    metadata: HigressMetadata, layer: Descriptor, open_blob: BlobOpener
) -> HigressMetadata:
    """Add one layer to what was read; the first of its kind counts."""
    doc = _DOC.fullmatch(layer.media_type)
    language = (doc[1] or "").lower() if doc else ""
    if layer.media_type == media.HIGRESS_SPEC and metadata.spec is None:
        return replace(metadata, spec=read_spec(_read(layer, open_blob, YAML_MAX_BYTES)))
    if layer.media_type == media.HIGRESS_ICON and metadata.icon is None:
        return replace(metadata, icon=read_icon(_read(layer, open_blob, ICON_MAX_BYTES)))
    if doc and language not in metadata.readmes:
        text = read_readme(_read(layer, open_blob, README_MAX_BYTES))
        return replace(metadata, readmes={**metadata.readmes, language: text})
    raise OciError("There is another layer of its kind, or its media type is not known.")


def _read(layer: Descriptor, open_blob: BlobOpener, limit: int) -> bytes:
    """Read a layer of at most `limit` bytes that are what its digest names."""
    if layer.size > limit:
        raise OciError(f"It has more than {limit // 1024} KiB.")
    if not layer.is_distributable:
        raise OciError("It lies outside the registry.")
    data = bytearray()
    with open_blob(layer.digest) as stream:
        while len(data) <= layer.size and (piece := stream.read(layer.size + 1 - len(data))):
            data += piece
    content = bytes(data)
    if not layer.digest.matches(content):
        raise OciError("Its bytes are not those that its digest names.")
    return content


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str:
    return value.strip() if isinstance(value, str) and len(value) <= _TEXT_MAX else ""
