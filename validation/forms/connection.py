"""The form in which a connection is written down, for filters that see bytes."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from django import forms

from validation.forms.fields import TEXT, Lines, text_of, unix
from validation.forms.filter import FilterForm

if TYPE_CHECKING:
    from collections.abc import Iterable

SIDES = ("downstream", "upstream")


class BytesField(forms.CharField):
    """What one side of a connection sends."""

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, max_length=TEXT, strip=False, widget=Lines(3), **more)


class ConnectionForm(FilterForm):
    """What both sides of a connection send, and the filter's configuration."""

    downstream = BytesField(label="What the client sends", initial="hello")
    upstream = BytesField(label="What the server sends", initial="world")
    written = forms.ChoiceField(label="Written as", choices=[("text", "Text"), ("hex", "Hex")])
    pieces = forms.BooleanField(
        label="Each line arrives by itself",
        required=False,
        help_text="Else all of it arrives at once.",
    )

    def clean(self) -> dict[str, Any]:
        """Read the bytes; an error names the side."""
        said = super().clean()
        for side in SIDES:
            try:
                said[side] = _read(unix(said.get(side, "")), said.get("written"), said["pieces"])
            except ValueError:
                self.add_error(side, "Write pairs of hexadecimal digits, such as 16 03 01.")
        return said

    def trial(self) -> dict[str, Any]:
        """Return the trial in its fixed shape."""
        said = self.cleaned_data
        sides = {side: _document(said[side]) for side in SIDES if said[side]}
        return {"connection": sides} | super().trial()

    @staticmethod
    def initial_of(trial: dict[str, Any]) -> dict[str, Any]:
        """Return what the fields say for a trial, as far as there are fields for it."""
        connection = trial.get("connection")
        said = connection if isinstance(connection, dict) else {}
        sides = {side: _pieces(said.get(side)) for side in SIDES}
        every = [piece for pieces in sides.values() for piece in pieces]
        in_lines = any(len(pieces) > 1 for pieces in sides.values())
        as_text = _is_written(every, in_lines=in_lines)
        return FilterForm.initial_of(trial) | {
            **{side: _shown(pieces, as_text=as_text) for side, pieces in sides.items()},
            "written": "text" if as_text else "hex",
            "pieces": in_lines,
        }


def _read(said: str, written: str | None, pieces: bool) -> list[bytes]:  # noqa: FBT001 - two fields
    lines = said.splitlines(keepends=True) if pieces else [said]
    if written == "hex":
        return [bytes.fromhex(line) for line in lines if line.strip()]
    return [line.encode() for line in lines if line]


def _document(pieces: list[bytes]) -> Any:
    documents = [_piece(each) for each in pieces]
    return documents[0] if len(documents) == 1 else {"chunks": documents}


def _piece(data: bytes) -> str | dict[str, str]:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    return {"base64": base64.b64encode(data).decode()} if "\0" in text else text


def _pieces(document: object) -> list[bytes]:
    """Return the pieces of a body in the fixed shape; nothing for what is none."""
    chunks = document.get("chunks") if isinstance(document, dict) else None
    if isinstance(chunks, list):
        return [piece for each in chunks for piece in _pieces(each)]
    if isinstance(document, dict):
        try:
            return [base64.b64decode(text_of(document.get("base64")), validate=True)]
        except ValueError:
            return []
    return [text_of(document).encode()] if text_of(document) else []


def _is_written(pieces: Iterable[bytes], *, in_lines: bool) -> bool:
    """Tell whether text can say it: with nothing invisible, and lines that are pieces."""
    for piece in pieces:
        try:
            text = piece.decode()
        except UnicodeDecodeError:
            return False
        lines = text.splitlines(keepends=True)
        if not all(line.rstrip("\n").isprintable() for line in lines):
            return False
        if in_lines and (len(lines) != 1 or not text.endswith("\n")):
            return False
    return True


def _shown(pieces: list[bytes], *, as_text: bool) -> str:
    if as_text:
        return "".join(piece.decode() for piece in pieces)
    return "\n".join(piece.hex(" ") for piece in pieces)
