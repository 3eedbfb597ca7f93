"""What the image says of its module in ``runtime-config.json``: claims, nothing more."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

LISTED_MAX: Final = 20
TEXT_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class Declared:
    """The root ids and ABI versions that the image declares."""

    root_ids: tuple[str, ...] = ()
    abis: tuple[str, ...] = ()


def declared_by(runtime_config: bytes | None) -> Declared:
    """Read a runtime-config.json in both spellings; junk declares nothing."""
    try:
        document = json.loads(runtime_config or b"null")
    except (ValueError, RecursionError):
        return Declared()
    if not isinstance(document, dict):
        return Declared()
    config = document.get("config")
    return Declared(
        root_ids=_texts(config, "rootIds", "root_ids"),
        abis=_texts(document, "abiVersions", "abi_versions"),
    )


def _texts(document: Any, *keys: str) -> tuple[str, ...]:
    if not isinstance(document, dict):
        return ()
    listed = next((document[key] for key in keys if key in document), None)
    if not isinstance(listed, list):
        return ()
    texts = [each for each in listed if isinstance(each, str) and len(each) <= TEXT_LENGTH]
    return tuple(texts[:LISTED_MAX])
