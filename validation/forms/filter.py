"""What every trial says of the filter: its configuration, as text or in the fields of a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from validation.forms.fields import TEXT, Lines, given, text_of, unix

if TYPE_CHECKING:
    from validation.forms.config import ConfigSchema


class FilterForm(forms.Form):
    """
    The part of a trial that is about the filter; the rest is the subclass's.

    Fields of a schema make up the configuration unless it is written down as a whole.
    """

    config = forms.CharField(
        label="Plugin configuration",
        required=False,
        max_length=TEXT,
        strip=False,
        widget=Lines(4),
        help_text="As the proxy hands it over; mostly JSON.",
    )
    root_id = forms.CharField(label="Root id", required=False, max_length=200)

    def __init__(
        self,
        data: Any = None,
        *,
        trial: dict[str, Any] | None = None,
        schema: ConfigSchema | None = None,
    ) -> None:
        super().__init__(data, initial=self.initial_of(trial) if trial is not None else None)
        self.schema = schema
        self.shown_trial = trial
        if schema is not None:
            self.fields.update(schema.fields)
            self._spread(schema)

    @staticmethod
    def initial_of(trial: dict[str, Any]) -> dict[str, Any]:
        """Return what the fields say for a trial, as far as there are fields for it."""
        return {"config": text_of(trial.get("config")), "root_id": text_of(trial.get("root_id"))}

    def trial(self) -> dict[str, Any]:
        """Return the trial in its fixed shape; what was left empty is left out."""
        said = self.cleaned_data
        return given(config=unix(said["config"]), root_id=said["root_id"])

    def clean(self) -> dict[str, Any]:
        """Make up the configuration of the schema's fields."""
        said = super().clean() or {}
        if self.schema is not None and not said.get("config"):
            said["config"] = self.schema.config(said)
        return said

    @property
    def config_fields(self) -> list[forms.BoundField]:
        """The fields of the schema, if there is one."""
        return [self[name] for name in self.schema.fields] if self.schema else []

    @property
    def says_less(self) -> bool:
        """Whether the trial that it was filled in with has parts that it has no fields for."""
        if self.shown_trial is None:
            return False
        again = type(self)(dict(self.initial), schema=self.schema)
        if not again.is_valid():
            return True
        said, whole = again.trial(), dict(self.shown_trial)
        if self.initial["config"] == "":  # the schema's fields say all of it, if not as it was
            said["config"] = whole["config"] = ""
        return bool(_pruned(said) != _pruned(whole))

    def _spread(self, schema: ConfigSchema) -> None:
        """Move a configuration from the text into the fields, if they can say it."""
        fields = schema.initial(self.initial.get("config", "")) if self.initial else None
        if fields is not None:
            self.initial = {**self.initial, **fields, "config": ""}


# What is so by itself.
_DEFAULTS = {"method": "GET", "path": "/", "status": 200}


def _pruned(part: Any) -> Any:
    """Leave out of a trial what says nothing."""
    if isinstance(part, list):
        return [_pruned(each) for each in part]
    if not isinstance(part, dict):
        return part
    parts = {name: _pruned(each) for name, each in part.items()}
    said = {name: each for name, each in parts.items() if _DEFAULTS.get(name) != each}
    return {name: each for name, each in said.items() if each not in ("", [], {})}
