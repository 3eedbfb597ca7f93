"""What people write in the fields of a trial, and what the fields say of a trial."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidError
from validation.forms import ConfigSchema, ConnectionForm, TrialForm
from validation.forms.fields import JsonField
from validation.sharing import from_link, to_link

SCHEMA = {
    "type": "object",
    "required": ["realm"],
    "properties": {
        "realm": {"type": "string", "title": "Realm", "description": "Who asks."},
        "max": {"type": "integer", "default": 5},
        "ratio": {"type": "number"},
        "strict": {"type": "boolean"},
        "mode": {"enum": ["on", "off", 3]},
        "hosts": {"type": "array", "items": {"type": "string"}},
        "ports": {"type": "array", "items": {"type": "integer"}},
        "rules": {"type": "array", "items": {"type": "object"}},
    },
}
CONFIG: dict[str, Any] = {
    "realm": "shop",
    "max": 7,
    "ratio": 0.5,
    "strict": False,
    "mode": 3,
    "hosts": ["a.example", "b.example"],
    "ports": [1, 2],
    "rules": [{"path": "/"}],
}
REQUEST = {"method": "GET", "path": "/"}


def schema(document: object = SCHEMA) -> ConfigSchema:
    found = ConfigSchema.read(document)
    assert found is not None
    return found


def asked(config: dict[str, Any] | str) -> TrialForm:
    """Return the form filled in with a trial of this configuration."""
    text = config if isinstance(config, str) else json.dumps(config)
    return TrialForm(trial={"request": REQUEST, "config": text}, schema=schema())


def sent_again(form: TrialForm | ConnectionForm) -> dict[str, Any]:
    """Return the trial that a form says when it is sent as it is shown."""
    again = type(form)(dict(form.initial), schema=form.schema)
    assert again.is_valid(), again.errors
    return again.trial()


class TestASchema:
    def test_makes_a_field_of_each_property(self) -> None:
        fields = TrialForm(schema=schema()).config_fields

        assert [each.label for each in fields][:2] == ["Realm (required)", "max"]
        assert fields[0].help_text == "Who asks."
        assert fields[1].help_text == "By default 5."

    def test_s_fields_make_up_the_configuration(self) -> None:
        said = {
            "method": "GET",
            "path": "/",
            "config_0": "shop",
            "config_1": "7",
            "config_2": "0.5",
            "config_3": "false",
            "config_4": "2",
            "config_5": "a.example\r\n b.example\r\n",
            "config_6": "1\n2",
            "config_7": '[{"path": "/"}]',
        }

        form = TrialForm(said, schema=schema())

        assert form.is_valid(), form.errors
        assert json.loads(form.trial()["config"]) == CONFIG

    def test_s_empty_fields_are_left_out(self) -> None:
        form = TrialForm({"method": "GET", "path": "/"}, schema=schema())

        assert form.is_valid()
        assert "config" not in form.trial()

    @pytest.mark.parametrize("config", [CONFIG, {"strict": True}, {"max": 0, "hosts": ["x"]}])
    def test_s_fields_say_what_a_trial_has(self, config: dict[str, Any]) -> None:
        form = asked(config)

        assert form.initial["config"] == ""
        assert json.loads(sent_again(form)["config"]) == config
        assert not form.says_less

    @pytest.mark.parametrize(
        "config",
        ["no json", "[]", '{"else": 1}', '{"max": "7"}', '{"hosts": [" a"]}', '{"mode": 4}'],
    )
    def test_s_fields_leave_to_the_text_what_they_cannot_say(self, config: str) -> None:
        form = asked(config)

        assert form.initial["config"] == config
        assert sent_again(form)["config"] == config

    @pytest.mark.parametrize(
        ("field", "said", "says"),
        [
            ("config_1", "7.5", "Write a whole number."),
            ("config_2", "NaN", "Write a number."),
            ("config_2", "true", "Write a number."),
            ("config_6", "1\nx", "Write a whole number."),
            ("config_7", "[1", "This is no JSON."),
        ],
    )
    def test_s_fields_refuse_what_is_no_such_value(self, field: str, said: str, says: str) -> None:
        form = TrialForm({"method": "GET", "path": "/", field: said}, schema=schema())

        assert form.errors == {field: [says]}

    @pytest.mark.parametrize(
        "document", [None, [], {}, {"properties": []}, {"properties": {}}, {"properties": {
            str(each): {} for each in range(41)}}]
    )  # fmt: skip
    def test_that_is_none_makes_no_form(self, document: object) -> None:
        assert ConfigSchema.read(document) is None

    @settings(deadline=None)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_of_any_kind_makes_a_form_or_none(self, document: object) -> None:
        for hostile in (document, {"properties": document}, {"properties": {"a": document}}):
            found = ConfigSchema.read(hostile)
            if found is not None:
                form = TrialForm({"method": "GET", "path": "/"}, schema=found)
                assert form.is_valid()
                assert all(str(each) for each in form.config_fields)


class TestATrial:
    def test_is_what_its_form_says(self) -> None:
        trial = {
            "request": {"method": "POST", "path": "/a", "headers": [["x-a", "1"]], "body": "b\n"},
            "config": "x",
            "root_id": "r",
            "upstream": {"status": 204, "headers": [["server", "x"]]},
            "replies": [
                {"cluster": "auth", "path": "/check", "status": 403},
                {"cluster": "log", "status": 200, "body": "ok"},
            ],
            "plugins": [{"module": "a/b:1", "config": "c"}, {"module": "a/c:2"}],
        }

        form = TrialForm(trial=trial)

        assert sent_again(form) == trial
        assert not form.says_less

    @pytest.mark.parametrize(
        "more",
        [
            {"request": {**REQUEST, "body": {"base64": "AA=="}}},
            {"request": {**REQUEST, "trailers": [["x-a", "1"]]}},
            {"request": REQUEST, "replies": [{"cluster": str(n), "status": 200} for n in range(4)]},
            {"request": {"method": "PURGE", "path": "/"}},
        ],
    )
    def test_with_more_than_the_fields_says_so(self, more: dict[str, Any]) -> None:
        assert TrialForm(trial=more).says_less


PIECE = st.binary(min_size=1, max_size=8)


class TestAConnection:
    @settings(deadline=None)
    @given(st.lists(PIECE, max_size=4), st.lists(PIECE, max_size=4))
    def test_is_what_its_form_says(self, sent: list[bytes], answered: list[bytes]) -> None:
        written = ConnectionForm(
            {
                "downstream": "\n".join(each.hex() for each in sent),
                "upstream": "\r\n".join(each.hex(" ") for each in answered),
                "written": "hex",
                "pieces": "on",
            }
        )
        assert written.is_valid(), written.errors
        trial = written.trial()

        form = ConnectionForm(trial=trial)

        assert sent_again(form) == trial
        assert not form.says_less

    def test_of_lines_comes_line_by_line(self) -> None:
        said = {"downstream": "PING\r\nQUIT", "upstream": "", "written": "text", "pieces": "on"}
        form = ConnectionForm(said)

        assert form.is_valid()
        assert form.trial() == {"connection": {"downstream": {"chunks": ["PING\n", "QUIT"]}}}

    def test_names_the_side_that_is_no_hex(self) -> None:
        form = ConnectionForm({"downstream": "16 0", "upstream": "00", "written": "hex"})

        assert list(form.errors) == ["downstream"]
        assert "pairs of hexadecimal digits" in form.errors["downstream"][0]


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    with pytest.raises(ValidationError, match="too long"):
        JsonField(3).clean('{"a": ' + "1" * 5_000 + "}")


def test_a_link_to_what_is_nested_deeply_is_broken() -> None:
    deep: object = {}
    for _ in range(600):
        deep = [deep]
    link = to_link({"config": deep})
    assert link is not None

    with pytest.raises(InvalidError, match="not whole"):
        from_link(link)
