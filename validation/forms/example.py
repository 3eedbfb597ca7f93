"""The form in which a trial is kept as an example."""

from __future__ import annotations

import json
from typing import Any

from django import forms

from catalog.models.extensions import validate_shown
from validation.forms.fields import JsonField


class ExampleForm(forms.Form):
    """A trial to keep as an example; the service checks what is inside."""

    name = forms.CharField(
        max_length=60,
        help_text="Such as <code>denies-a-closed-path</code>: lower-case letters, digits, hyphens.",
        widget=forms.TextInput({"autocapitalize": "off", "spellcheck": "false"}),
    )
    description = forms.CharField(
        max_length=200,
        required=False,
        validators=[validate_shown],
        help_text="What it shows, in a sentence.",
    )
    trial = JsonField(10, help_text="The request and what is around it, as the API takes it.")
    expected = JsonField(
        12,
        label="Expected result",
        help_text="What matters of the answer. A header is a value, <code>true</code> (there) or "
        "<code>false</code> (absent); what you leave out may be anything.",
    )

    def __init__(
        self, data: Any = None, *, initial: dict[str, str] | None = None, is_new: bool
    ) -> None:
        super().__init__(data, initial=initial, auto_id="example_%s")
        if not is_new:
            del self.fields["name"]


def example_initial(
    name: str, description: str, trial: dict[str, Any], expected: dict[str, Any]
) -> dict[str, str]:
    """Return what an example's form says, JSON laid out for people."""
    documents = {"trial": trial, "expected": expected}
    written = {which: _written(document) for which, document in documents.items()}
    return {"name": name, "description": description, **written}


def _written(document: dict[str, Any]) -> str:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    # Half a character cannot leave in a page; JSON's escape of it can.
    return text.encode(errors="backslashreplace").decode()
