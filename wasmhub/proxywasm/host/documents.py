"""Read strangers' JSON, value by value; what is wrong with it is said in one sentence."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

HEADERS_MAX: Final = 100  # Envoy's own limit for a request
HEADER_BYTES_MAX: Final = 60 * 1024  # likewise
BODY_BYTES_MAX: Final = 4 * 1024 * 1024
CHUNKS_MAX: Final = 100
TEXT_MAX: Final = 8 * 1024
STATUS_MIN: Final = 200
STATUS_MAX: Final = 599
_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r"[^\x00\r\n]*")
_PAIR: Final = 2

Headers = tuple[tuple[bytes, bytes], ...]


class TrialError(ValueError):
    """A trial that cannot be run as it is written; the text is a sentence for its author."""


class Fields:
    """The members of one JSON object; ``where`` is how sentences name it."""

    def __init__(self, document: object, where: str, known: Iterable[str]) -> None:
        if not isinstance(document, dict):
            raise TrialError(f"{where} must be an object.")
        unknown = sorted(str(each) for each in set(document) - set(known))
        if unknown:
            raise TrialError(f"{where} has no member {shown(unknown[0])}.")
        self._document: dict[str, Any] = document
        self._where = where

    def __contains__(self, name: str) -> bool:
        return self._document.get(name) is not None

    def raw(self, name: str) -> object:
        """Return a member as it is, None when it is left out."""
        return self._document.get(name)

    def text(self, name: str, default: str, longest: int = TEXT_MAX) -> str:
        """Return a text."""
        value = self._document.get(name, default)
        if not isinstance(value, str):
            raise TrialError(f"{self._where}.{name} must be a text.")
        if len(value) > longest:
            raise TrialError(f"{self._where}.{name} is longer than {longest} characters.")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise TrialError(f"{self._where}.{name} has half a character in it.") from error
        return value

    def status(self, name: str, default: int) -> int:
        """Return the status of a response."""
        value = self._document.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise TrialError(f"{self._where}.{name} must be a number.")
        if not STATUS_MIN <= value <= STATUS_MAX:
            raise TrialError(
                f"{self._where}.{name} must be a final status, {STATUS_MIN} to {STATUS_MAX}."
            )
        return value

    def items(self, name: str, most: int) -> list[Any]:
        """Return a list."""
        value = self._document.get(name, [])
        if not isinstance(value, list):
            raise TrialError(f"{self._where}.{name} must be a list.")
        if len(value) > most:
            raise TrialError(f"{self._where}.{name} has more than {most} items.")
        return value

    def headers(self, name: str) -> Headers:
        """Return headers in their order, names in lower case."""
        where = f"{self._where}.{name}"
        headers = tuple(_header(each, where) for each in self.items(name, HEADERS_MAX))
        if sum(len(key) + len(value) for key, value in headers) > HEADER_BYTES_MAX:
            raise TrialError(
                f"{where} are more than {HEADER_BYTES_MAX} bytes, more than Envoy takes."
            )
        return headers

    def body(self, name: str) -> tuple[bytes, ...] | bytes:
        """Return the bytes of a body, or a tuple of them when it comes in pieces."""
        value = self._document.get(name, "")
        where = f"{self._where}.{name}"
        if isinstance(value, dict) and set(value) == {"chunks"}:
            return _chunks(value["chunks"], where)
        return _piece(value, where)


def _header(item: object, where: str) -> tuple[bytes, bytes]:
    if (
        not isinstance(item, list)
        or len(item) != _PAIR
        or not all(isinstance(each, str) for each in item)
    ):
        raise TrialError(f'{where} must be a list of pairs such as ["x-a", "1"].')
    name, value = item
    if not _NAME.fullmatch(name):
        raise TrialError(f"{where}: {shown(name)} is no name of a header.")
    if not _VALUE.fullmatch(value):
        raise TrialError(f"{where}: the value of {name} has a line break or a zero in it.")
    return name.lower().encode(), _encoded(value.strip(" \t"), where)


def _chunks(items: object, where: str) -> tuple[bytes, ...]:
    if not isinstance(items, list):
        raise TrialError(f"{where}.chunks must be a list of bodies.")
    if len(items) > CHUNKS_MAX:
        raise TrialError(f"{where} has more than {CHUNKS_MAX} chunks.")
    chunks = tuple(_piece(each, where) for each in items)
    if sum(map(len, chunks)) > BODY_BYTES_MAX:
        raise TrialError(f"{where} is larger than {BODY_BYTES_MAX} bytes.")
    return tuple(each for each in chunks if each)


def _piece(value: object, where: str) -> bytes:
    if isinstance(value, str):
        data = _encoded(value, where)
    elif isinstance(value, dict) and set(value) == {"base64"} and isinstance(value["base64"], str):
        try:
            data = base64.b64decode(value["base64"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise TrialError(f"{where}.base64 is not base64.") from error
    else:
        raise TrialError(f'{where} must be a text, {{"base64": "…"}} or {{"chunks": […]}}.')
    if len(data) > BODY_BYTES_MAX:
        raise TrialError(f"{where} is larger than {BODY_BYTES_MAX} bytes.")
    return data


def _encoded(text: str, where: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise TrialError(f"{where} has half a character in it; send bytes as base64.") from error


def shown(text: str, longest: int = 60) -> str:
    """Quote the beginning of a stranger's text, a dot for what nobody could see."""
    beginning = "".join(each if each.isprintable() else "·" for each in text[:longest])
    return f"“{beginning}{'…' if len(text) > longest else ''}”"


def body_from_json(body: object) -> bytes:
    """Return the bytes that ``body_as_json`` wrote."""
    if isinstance(body, dict):
        return base64.b64decode(body["base64"])
    return str(body).encode()


def body_as_json(body: bytes) -> str | dict[str, str]:
    """Return a body as text, or as base64 when it is not UTF-8 or has zeros in it."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}
    return {"base64": base64.b64encode(body).decode()} if "\0" in text else text


def headers_as_json(headers: Iterable[tuple[bytes, bytes]]) -> list[list[str]]:
    """Return headers as pairs of texts."""
    return [
        [name.decode(errors="replace"), value.decode(errors="replace")] for name, value in headers
    ]
