"""Fields for what people write down as text: headers, JSON, bytes."""

from __future__ import annotations

import json
from typing import Any

from django import forms

from wasmhub.proxywasm.header_lines import read_lines

TEXT = 64 * 1024


class Lines(forms.Textarea):
    """A few lines of text that nobody corrects the spelling of."""

    def __init__(self, rows: int) -> None:
        super().__init__({"rows": rows, "spellcheck": "false", "autocapitalize": "off"})


class HeaderLinesField(forms.CharField):
    """Headers, one ``name: value`` in a line, as a list of pairs."""

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, max_length=TEXT, widget=Lines(3), **more)

    def clean(self, value: Any) -> list[list[str]]:
        """Return the pairs; a line without a colon is named in the error."""
        try:
            return read_lines(super().clean(value))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class JsonField(forms.CharField):
    """A JSON object as people write it; an error says where it is none."""

    def __init__(self, rows: int, **more: Any) -> None:
        super().__init__(max_length=4 * TEXT, widget=Lines(rows), **more)

    def clean(self, value: Any) -> dict[str, Any]:
        """Return the object."""
        try:
            document = json.loads(super().clean(value))
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise forms.ValidationError(f"This is no JSON: {error.msg} in {where}.") from error
        except (ValueError, RecursionError) as error:  # or a number of thousands of digits
            raise forms.ValidationError("This is nested too deeply, or too long.") from error
        if not isinstance(document, dict):
            raise forms.ValidationError("Write a JSON object: { … }.")
        return document


def text_of(value: object) -> str:
    """Return the text that the document of a trial has in a place, if it is one."""
    return value if isinstance(value, str) else ""


def given(**fields: Any) -> dict[str, Any]:
    """Return the fields that say something."""
    return {name: value for name, value in fields.items() if value}


def unix(text: str) -> str:
    """Undo what browsers do to line ends in forms."""
    return text.replace("\r\n", "\n")
