"""Descriptors: typed links to content (OCI image-spec 1.1, descriptor.md)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from wasmhub.oci import media
from wasmhub.oci.digests import Digest
from wasmhub.oci.errors import InvalidDigestError, InvalidManifestError
from wasmhub.oci.strict_json import refuse_look_alike_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_DESCRIPTORS: Final = 1000
_MAX_SIZE: Final = 2**63 - 1
_MEDIA_TYPE_MAX_LENGTH: Final = 255
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
_FIELDS: Final = frozenset(
    {
        "mediaType",
        "digest",
        "size",
        "urls",
        "annotations",
        "data",
        "artifactType",
        "platform",
    }
)
_PLATFORM_FIELDS: Final = frozenset({"architecture", "os", "variant"})


@dataclass(frozen=True, slots=True)
class Platform:
    """Name the machine that a child of an index is for."""

    os: str
    architecture: str
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Point at content by digest; `size` in bytes."""

    media_type: str
    digest: Digest
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    urls: tuple[str, ...] = ()
    artifact_type: str | None = None
    platform: Platform | None = None

    @property
    def is_distributable(self) -> bool:
        """Tell whether the registry itself must hold the content."""
        return not self.urls and not media.is_non_distributable(self.media_type)


def read_descriptors(value: object, where: str) -> tuple[Descriptor, ...]:
    """Read a list of descriptors; Go writes an empty list as null."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InvalidManifestError(f"The manifest's {where} is a list.")
    if len(value) > MAX_DESCRIPTORS:
        raise InvalidManifestError(f"A manifest lists at most {MAX_DESCRIPTORS} {where}.")
    return tuple(read_descriptor(item, f"{where}[{i}]") for i, item in enumerate(value))


def read_descriptor(value: object, where: str) -> Descriptor:
    """Read one descriptor, or raise InvalidManifestError naming `where` it stands."""
    if not isinstance(value, dict):
        raise InvalidManifestError(f"The manifest's {where} is an object with a digest.")
    refuse_look_alike_keys(value, _FIELDS, where)
    media_type = read_text(value.get("mediaType"), f"{where}.mediaType")
    if not 0 < len(media_type) <= _MEDIA_TYPE_MAX_LENGTH:
        raise InvalidManifestError(
            f"The manifest's {where}.mediaType has 1 to {_MEDIA_TYPE_MAX_LENGTH} characters."
        )
    descriptor = Descriptor(
        media_type=media_type,
        digest=_read_digest(value.get("digest"), where),
        size=_read_size(value.get("size"), where),
        annotations=read_annotations(value.get("annotations"), where),
        urls=_read_urls(value.get("urls"), where),
        artifact_type=read_text(value.get("artifactType"), f"{where}.artifactType") or None,
        platform=_read_platform(value.get("platform"), where),
    )
    _check_data(value.get("data"), descriptor, where)
    return descriptor


def read_annotations(value: object, where: str) -> dict[str, str]:
    """Read a mapping of text to text; none is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise InvalidManifestError(f"The annotations of {where} map names to texts.")
    for text in (*value.keys(), *value.values()):
        _check_text(text, f"an annotation of {where}")
    return value


def read_text(value: object, where: str) -> str:
    """Read an optional text; none is an empty one."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidManifestError(f"The manifest's {where} is a text.")
    _check_text(value, where)
    return value


def _check_text(text: str, where: str) -> None:
    # JSON can write both, PostgreSQL can store neither.
    if _UNSTORABLE.search(text):
        raise InvalidManifestError(f"The text of {where} has a NUL or half a surrogate pair.")


def _read_digest(value: object, where: str) -> Digest:
    try:
        return Digest.parse(read_text(value, f"{where}.digest"))
    except InvalidDigestError as error:
        raise InvalidManifestError(f"The manifest's {where}.digest is wrong: {error}") from None


def _read_size(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_SIZE:
        raise InvalidManifestError(f"The manifest's {where}.size is a whole number of bytes.")
    return value


def _read_urls(value: object, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(url, str) for url in value):
        raise InvalidManifestError(f"The manifest's {where}.urls is a list of texts.")
    return tuple(value)


def _read_platform(value: object, where: str) -> Platform | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise InvalidManifestError(f"The manifest's {where}.platform is an object.")
    refuse_look_alike_keys(value, _PLATFORM_FIELDS, f"{where}.platform")
    names: dict[str, Any] = {
        name: read_text(value.get(name), f"{where}.platform.{name}") for name in _PLATFORM_FIELDS
    }
    return Platform(**names)


def _check_data(value: object, descriptor: Descriptor, where: str) -> None:
    """Hold embedded content to its digest: readers may use it instead of the blob."""
    if value is None:
        return
    text = read_text(value, f"{where}.data")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:  # no ASCII, or no base64
        raise InvalidManifestError(f"The manifest's {where}.data is base64.") from None
    if len(data) != descriptor.size or not descriptor.digest.matches(data):
        raise InvalidManifestError(f"The manifest's {where}.data is not what its digest names.")
