"""The forms in which a trial is written down, and kept as an example."""

from __future__ import annotations

import json
from typing import Any

from django import forms

from catalog.models.extensions import validate_shown
from wasmhub.proxywasm.header_lines import as_lines, read_lines

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
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


class TrialForm(forms.Form):
    """A request, the filter's configuration, and what the upstream answers."""

    method = forms.ChoiceField(choices=[(each, each) for each in METHODS], initial="GET")
    path = forms.CharField(max_length=4_000, initial="/")
    headers = HeaderLinesField(help_text="One <code>name: value</code> in each line.")
    body = forms.CharField(required=False, max_length=TEXT, strip=False, widget=Lines(3))
    config = forms.CharField(
        label="Plugin configuration",
        required=False,
        max_length=TEXT,
        strip=False,
        widget=Lines(4),
        help_text="As the proxy hands it over; mostly JSON.",
    )
    root_id = forms.CharField(label="Root id", required=False, max_length=200)
    status = forms.IntegerField(
        required=False, min_value=200, max_value=599, help_text="Leave it empty for the echo."
    )
    upstream_headers = HeaderLinesField(label="Headers")
    upstream_body = forms.CharField(
        label="Body", required=False, max_length=TEXT, strip=False, widget=Lines(3)
    )
    cluster = forms.CharField(
        required=False, max_length=200, help_text="The one whose calls are answered."
    )
    reply_status = forms.IntegerField(
        label="Status", required=False, min_value=100, max_value=599, initial=200
    )
    reply_headers = HeaderLinesField(label="Headers")
    reply_body = forms.CharField(
        label="Body", required=False, max_length=TEXT, strip=False, widget=Lines(3)
    )

    def trial(self) -> dict[str, Any]:
        """Return the trial in its fixed shape; what was left empty is left out."""
        said = self.cleaned_data
        trial: dict[str, Any] = {"request": {"method": said["method"], "path": said["path"]}}
        trial["request"] |= _given(headers=said["headers"], body=_unix(said["body"]))
        trial |= _given(config=_unix(said["config"]), root_id=said["root_id"])
        if said["status"]:
            trial["upstream"] = {"status": said["status"]} | _given(
                headers=said["upstream_headers"], body=_unix(said["upstream_body"])
            )
        if said["cluster"]:
            reply = {"cluster": said["cluster"], "status": said["reply_status"] or 200}
            trial["replies"] = [
                reply | _given(headers=said["reply_headers"], body=_unix(said["reply_body"]))
            ]
        return trial


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
        except RecursionError as error:
            raise forms.ValidationError("This is nested too deeply.") from error
        if not isinstance(document, dict):
            raise forms.ValidationError("Write a JSON object: { … }.")
        return document


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


def initial_of(trial: dict[str, Any]) -> dict[str, Any]:
    """Return what the form's fields say for a trial, as far as it has fields for it."""
    request, upstream = _part(trial, "request"), _part(trial, "upstream")
    replies = trial.get("replies")
    reply = replies[0] if isinstance(replies, list) and replies else {}
    reply = reply if isinstance(reply, dict) else {}
    return {
        "method": request.get("method", "GET"),
        "path": request.get("path", "/"),
        "headers": as_lines(request.get("headers")),
        "body": _text(request.get("body")),
        "config": _text(trial.get("config")),
        "root_id": _text(trial.get("root_id")),
        "status": upstream.get("status"),
        "upstream_headers": as_lines(upstream.get("headers")),
        "upstream_body": _text(upstream.get("body")),
        "cluster": _text(reply.get("cluster")),
        "reply_status": reply.get("status", 200),
        "reply_headers": as_lines(reply.get("headers")),
        "reply_body": _text(reply.get("body")),
    }


def _part(trial: dict[str, Any], name: str) -> dict[str, Any]:
    part = trial.get(name)
    return part if isinstance(part, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def _unix(text: str) -> str:
    """Undo what browsers do to line ends in forms."""
    return text.replace("\r\n", "\n")
