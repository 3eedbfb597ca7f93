"""The form in which a request is written down, with what is around it."""

from __future__ import annotations

from typing import Any

from django import forms

from validation.forms.fields import TEXT, HeaderLinesField, Lines, given, text_of, unix
from validation.forms.filter import FilterForm
from wasmhub.proxywasm.header_lines import as_lines

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
# As many as there are fields for; the API takes more answers.
REPLIES, PLUGINS = range(1, 4), range(1, 3)


def _body(**more: Any) -> forms.CharField:
    return forms.CharField(
        label="Body", required=False, max_length=TEXT, strip=False, widget=Lines(3), **more
    )


def _status(**more: Any) -> forms.IntegerField:
    return forms.IntegerField(label="Status", required=False, max_value=599, **more)


class TrialForm(FilterForm):
    """A request, the filter's configuration, the filters behind it, and what is answered."""

    method = forms.ChoiceField(choices=[(each, each) for each in METHODS], initial="GET")
    path = forms.CharField(max_length=4_000, initial="/")
    headers = HeaderLinesField(help_text="One <code>name: value</code> in each line.")
    body = _body()
    status = _status(min_value=200, help_text="Leave it empty for the echo.")
    upstream_headers = HeaderLinesField(label="Headers")
    upstream_body = _body()

    def __init__(self, data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        for number in REPLIES:
            self.fields |= {f"reply_{number}_{name}": each for name, each in _reply().items()}
        for number in PLUGINS:
            self.fields |= {f"plugin_{number}_{name}": each for name, each in _plugin().items()}

    @property
    def replies(self) -> list[dict[str, Any]]:
        """The fields of each answer to a call, and whether to show them."""
        return [self._group("reply", number, _reply()) for number in REPLIES]

    @property
    def plugins(self) -> list[dict[str, Any]]:
        """The fields of each filter behind the one that is tried, and whether to show them."""
        return [self._group("plugin", number, _plugin()) for number in PLUGINS]

    def _group(self, kind: str, number: int, fields: dict[str, forms.Field]) -> dict[str, Any]:
        group = {name: self[f"{kind}_{number}_{name}"] for name in fields}
        named = next(iter(group.values())).value()
        return group | {"open": bool(named) or any(each.errors for each in group.values())}

    def trial(self) -> dict[str, Any]:
        """Return the trial in its fixed shape; what was left empty is left out."""
        said = self.cleaned_data
        request = {"method": said["method"], "path": said["path"]}
        request |= given(headers=said["headers"], body=unix(said["body"]))
        trial: dict[str, Any] = {"request": request} | super().trial()
        if said["status"]:
            trial["upstream"] = {"status": said["status"]} | given(
                headers=said["upstream_headers"], body=unix(said["upstream_body"])
            )
        replies = (self._said("reply", number, _reply()) for number in REPLIES)
        plugins = (self._said("plugin", number, _plugin()) for number in PLUGINS)
        return trial | given(
            replies=[each for each in replies if "cluster" in each],
            plugins=[each for each in plugins if "module" in each],
        )

    def _said(self, kind: str, number: int, fields: dict[str, forms.Field]) -> dict[str, Any]:
        said = {name: self.cleaned_data[f"{kind}_{number}_{name}"] for name in fields}
        return given(**{n: unix(v) if isinstance(v, str) else v for n, v in said.items()})

    @staticmethod
    def initial_of(trial: dict[str, Any]) -> dict[str, Any]:
        """Return what the fields say for a trial, as far as there are fields for it."""
        request, upstream = _part(trial.get("request")), _part(trial.get("upstream"))
        initial = FilterForm.initial_of(trial) | {
            "method": request.get("method", "GET"),
            "path": request.get("path", "/"),
            "headers": as_lines(request.get("headers")),
            "body": text_of(request.get("body")),
            "status": upstream.get("status", 200) if upstream else None,
            "upstream_headers": as_lines(upstream.get("headers")),
            "upstream_body": text_of(upstream.get("body")),
        }
        for kind, numbers, fields in (
            ("reply", REPLIES, _reply()),
            ("plugin", PLUGINS, _plugin()),
        ):
            listed = trial.get({"reply": "replies", "plugin": "plugins"}[kind])
            items = listed if isinstance(listed, list) else []
            for number, item in zip(numbers, items, strict=False):
                part = _part(item)
                initial |= {f"{kind}_{number}_{name}": _shown(part, name) for name in fields}
        return initial


def _reply() -> dict[str, forms.Field]:
    """Make the fields of an answer; their names are the fixed shape's."""
    return {
        "cluster": forms.CharField(
            required=False, max_length=200, help_text="The one whose calls are answered."
        ),
        "path": forms.CharField(
            required=False, max_length=4_000, help_text="Leave it empty for every path."
        ),
        "status": _status(min_value=100, initial=200),
        "headers": HeaderLinesField(),
        "body": _body(),
    }


def _plugin() -> dict[str, forms.Field]:
    """Make the fields of a filter behind the one that is tried."""
    return {
        "module": forms.CharField(
            label="Filter",
            required=False,
            max_length=500,
            help_text="As <code>namespace/name:version</code>.",
            widget=forms.TextInput({"autocapitalize": "off", "spellcheck": "false"}),
        ),
        "config": forms.CharField(
            label="Its configuration", required=False, max_length=TEXT, strip=False, widget=Lines(3)
        ),
        "root_id": forms.CharField(label="Its root id", required=False, max_length=200),
    }


def _part(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _shown(part: dict[str, Any], name: str) -> Any:
    if name == "headers":
        return as_lines(part.get(name))
    return part.get(name, 200) if name == "status" else text_of(part.get(name))
