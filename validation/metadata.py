"""What an image's own metadata say of the extension's page: claims, never judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from core.content import content_store
from wasmhub.oci import HigressMetadata, read_higress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wasmhub.oci import Digest, ParsedManifest

# The words of Higress and ours.
CATEGORIES: Final[Mapping[str, str]] = {
    "auth": "auth",
    "custom": "other",
    "flow-control": "rate-limit",
    "flow-monitor": "observability",
    "protocol": "transform",
    "security": "security",
}
SCHEMA_MAX_BYTES: Final = 64 * 1024


def told_by(image: ParsedManifest) -> tuple[dict[str, str], dict[str, Any] | None]:
    """Return what Higress's layers say, by the field of the page, and the config's schema."""
    found = read_higress(image, _open)
    spec = found.spec
    told = {"readme": _readme(found)}
    if spec is not None:
        told |= {
            "title": spec.title or spec.name,
            "description": spec.description,
            "category": CATEGORIES.get(spec.category, ""),
            "homepage_url": spec.contact.get("url", ""),
        }
    return {field: text for field, text in told.items() if text}, _schema(found)


def _readme(found: HigressMetadata) -> str:
    """Return the README in English, else in no language that is named, else in any."""
    readmes = found.readmes
    return readmes.get("en") or readmes.get("") or next(iter(readmes.values()), "")


def _schema(found: HigressMetadata) -> dict[str, Any] | None:
    schema = found.spec.config_schema if found.spec else None
    if schema is None or len(json.dumps(schema)) > SCHEMA_MAX_BYTES:
        return None
    return dict(schema)


def _open(digest: Digest) -> BinaryIO:
    return content_store().open(digest.hex)
