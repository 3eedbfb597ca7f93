"""A trial as text that fits into a link: nothing has to be kept for it."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any

from core.errors import InvalidError

LINK_LENGTH = 6_000
DOCUMENT_BYTES = 256 * 1024
DEPTH = 16  # a trial needs less than half of it
BROKEN = "This link is not whole: ask for it again."


def to_link(trial: dict[str, Any]) -> str | None:
    """Return the text for a trial, or None when it is too long for a link."""
    packed = zlib.compress(json.dumps(trial, separators=(",", ":")).encode(), 9)
    text = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return text if len(text) <= LINK_LENGTH else None


def from_link(text: str) -> dict[str, Any]:
    """
    Return the trial that a text stands for; strangers write links, too.

    :raises InvalidError: it stands for none
    """
    if len(text) > LINK_LENGTH:
        raise InvalidError(BROKEN)
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        unpacked = zlib.decompressobj()
        document = json.loads(unpacked.decompress(packed, DOCUMENT_BYTES))
        json.dumps(document, ensure_ascii=False).encode()  # no page can show half a character
    except (binascii.Error, zlib.error, ValueError, RecursionError) as error:
        raise InvalidError(BROKEN) from error
    if not isinstance(document, dict) or _is_deeper(document, DEPTH):
        raise InvalidError(BROKEN)
    return document


def _is_deeper(document: object, levels: int) -> bool:
    """Tell whether lists and objects are nested deeper than that."""
    if not isinstance(document, dict | list):
        return False
    inner = document.values() if isinstance(document, dict) else document
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)
