"""The plugin configuration as a form, where the image brings a JSON schema of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from django import forms
from django.utils.html import escape

from validation.forms.fields import TEXT, Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROPERTIES_MAX, CHOICES_MAX, WORDS_MAX = 40, 100, 400
_SCALARS = ("string", "integer", "number", "boolean")

Kind = Literal["string", "integer", "number", "boolean", "choice", "lines", "json"]


@dataclass(frozen=True, slots=True)
class Property:
    """One property of the configuration, and the field that stands for it."""

    field: str
    name: str
    kind: Kind
    choices: tuple[Any, ...] = ()
    item: str = "string"

    def read(self, said: str) -> Any:
        """
        Return what was written in the field as a value of the configuration.

        :raises ValueError: it is no value of this kind; the text is a sentence
        """
        if self.kind == "choice":
            return self.choices[int(said)]
        if self.kind == "lines":
            items = [line.strip() for line in said.splitlines() if line.strip()]
            return [_READ[self.item](each) for each in items]
        return _READ[self.kind](said)

    def write(self, value: Any) -> str | None:
        """Return what the field says for a value; None when it can not say it."""
        match self.kind, value:
            case "string", str():
                said = value
            case "boolean", bool():
                said = "true" if value else "false"
            case (("integer" | "number"), int() | float()):
                said = json.dumps(value)
            case "choice", _:
                same = (str(at) for at, each in enumerate(self.choices) if each == value)
                said = next(same, None) or ""
            case "lines", list():
                said = "\n".join(
                    each if isinstance(each, str) else json.dumps(each) for each in value
                )
            case _:
                said = json.dumps(value, ensure_ascii=False) if self.kind == "json" else ""
        try:
            faithful = bool(said) and json.dumps(self.read(said)) == json.dumps(value)
        except ValueError:
            faithful = False
        return said if faithful else None


@dataclass(frozen=True, slots=True)
class ConfigSchema:
    """The properties of an object's JSON schema that a form can ask for, and their fields."""

    properties: tuple[Property, ...]
    fields: Mapping[str, forms.Field]

    @classmethod
    def read(cls, schema: object) -> ConfigSchema | None:
        """Read what an image claims to be a schema; None when no form follows from it."""
        listed = schema.get("properties") if isinstance(schema, dict) else None
        if not isinstance(listed, dict) or not 0 < len(listed) <= PROPERTIES_MAX:
            return None
        wanted = schema.get("required") if isinstance(schema, dict) else None
        required = wanted if isinstance(wanted, list) else []
        properties, fields = [], {}
        for at, (name, said) in enumerate(listed.items()):
            about = said if isinstance(said, dict) else {}
            row = _property(f"config_{at}", name, about)
            properties.append(row)
            fields[row.field] = _field(row, about, required=name in required)
        return cls(tuple(properties), fields)

    def config(self, said: Mapping[str, str]) -> str:
        """
        Write the configuration of what the fields say; empty when they say nothing.

        :raises forms.ValidationError: by field, what is no value of its kind
        """
        values, errors = {}, {}
        for each in self.properties:
            if text := said.get(each.field, ""):
                try:
                    values[each.name] = each.read(text)
                except ValueError as error:
                    errors[each.field] = str(error)
        if errors:
            raise forms.ValidationError(errors)
        return json.dumps(values, indent=2, ensure_ascii=False) if values else ""

    def initial(self, config: str) -> dict[str, str] | None:
        """Return what the fields say for a configuration; None when they can not say all of it."""
        try:
            document = json.loads(config)
        except (ValueError, RecursionError):
            return None
        known = {each.name: each for each in self.properties}
        if not isinstance(document, dict) or not set(document) <= set(known):
            return None
        said = {known[name].field: known[name].write(value) for name, value in document.items()}
        return None if None in said.values() else {k: v for k, v in said.items() if v is not None}


def _property(field: str, name: str, about: dict[str, Any]) -> Property:
    choices = about.get("enum")
    if isinstance(choices, list) and 0 < len(choices) <= CHOICES_MAX:
        return Property(field, name, "choice", tuple(choices))
    kind, items = about.get("type"), about.get("items")
    if kind in _SCALARS:
        return Property(field, name, kind)
    item = items.get("type") if isinstance(items, dict) else None
    if kind == "array" and item in ("string", "integer", "number"):
        return Property(field, name, "lines", item=item)
    return Property(field, name, "json")


def _field(row: Property, about: dict[str, Any], *, required: bool) -> forms.Field:
    """Return the field; empty is always an answer: to leave something out is a trial, too."""
    label = f"{_words(about, 'title') or row.name[:WORDS_MAX]}{' (required)' if required else ''}"
    hints = {
        "lines": "One in each line.",
        "json": "As JSON.",
    }
    default = about.get("default")
    says = _words(about, "description")
    if default is not None:
        says = f"{says} By default {json.dumps(default, ensure_ascii=False)[:WORDS_MAX]}."
    more: dict[str, Any] = {
        "label": label,
        "required": False,
        # Pages take help texts for HTML; this one is whoever pushed the image's.
        "help_text": escape(" ".join(filter(None, (says.strip(), hints.get(row.kind, ""))))),
    }
    if row.kind in ("boolean", "choice"):
        listed = [("true", "true"), ("false", "false")]
        if row.kind == "choice":
            listed = [(str(at), _choice(each)) for at, each in enumerate(row.choices)]
        return forms.ChoiceField(choices=[("", "—"), *listed], **more)
    if row.kind in ("lines", "json"):
        return forms.CharField(max_length=TEXT, strip=False, widget=Lines(3), **more)
    widget = forms.TextInput({"inputmode": "decimal"} if row.kind != "string" else {})
    return forms.CharField(max_length=TEXT, strip=False, widget=widget, **more)


def _words(about: dict[str, Any], name: str) -> str:
    """Return a text that the schema says, for people; it is a claim of whoever pushed it."""
    said = about.get(name)
    return said[:WORDS_MAX] if isinstance(said, str) else ""


def _choice(value: object) -> str:
    return (value if isinstance(value, str) else json.dumps(value))[:WORDS_MAX]


def _json(said: str) -> Any:
    try:
        value = json.loads(said)
        json.dumps(value, allow_nan=False)  # Python reads numbers that JSON does not have
    except (ValueError, RecursionError) as error:
        raise ValueError("This is no JSON.") from error
    return value


def _number(said: str) -> int | float:
    try:
        value = _json(said)
    except ValueError:
        value = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise ValueError("Write a number.")


def _integer(said: str) -> int:
    try:
        return int(said)
    except ValueError as error:
        raise ValueError("Write a whole number.") from error


def _boolean(said: str) -> bool:
    return said == "true"


# What is written in a field as a value, by kind; ValueErrors are sentences.
_READ: dict[str, Callable[[str], Any]] = {
    "string": str,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "json": _json,
}
