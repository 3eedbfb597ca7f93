"""What is taken as an example, and what is refused with which words."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.actors import actor_for
from accounts.services import create_user
from catalog.models import Extension, TrialExample
from catalog.services import open_extension
from core.actor import Actor
from core.errors import HubError
from validation.forms import ExampleForm
from validation.services import save_example

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> Actor:
    return actor_for(create_user(username="alice", email="alice@example.com", password="x" * 12))


@pytest.fixture
def extension(alice: Actor) -> Extension:
    return open_extension(actor=alice, namespace="alice", name="jwt", visibility="public")


def save(actor: Actor, extension: Extension, **said: Any) -> None:
    fields: dict[str, Any] = {"name": "plain", "description": "", "trial": {}}
    fields |= {"expected": {"outcome": "continued"}} | said
    save_example(actor=actor, extension=extension, **fields)


@pytest.mark.parametrize("name", ["a", "0", "denies-a-closed-path", "a" * 60])
def test_a_name_is_words_with_hyphens(alice: Actor, extension: Extension, name: str) -> None:
    save(alice, extension, name=name)

    assert TrialExample.objects.get().name == name


@pytest.mark.parametrize(
    "name",
    ["", "a/b", "../x", "<b>", "A", "a--b", "-a", "a-", "a b", "a\n", "a\0", "a\u202eb", "ä"],
)
def test_any_other_name_is_refused(alice: Actor, extension: Extension, name: str) -> None:
    with pytest.raises(HubError, match="lower-case letters"):
        save(alice, extension, name=name)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"trial": {"request": 5}}, "request must be an object"),
        ({"trial": {"nonsense": 1}}, "nonsense"),
        ({"trial": {"root_id": "a\0b"}}, "a zero"),
        ({"trial": {"root_id": "\ud800"}}, "half a character"),
        ({"trial": {"config": "\udfff"}}, "half a character"),
        ({"trial": {"plugins": 5}}, "plugins is a list"),
        ({"trial": {"plugins": [{"module": "x"}]}}, "<namespace>/<name>:<version>"),
        ({"trial": {"request": {"body": "ä" * 20_000}}}, "65536"),
        ({"expected": {}}, "Expect something"),
        ({"expected": {"logs": ["a\0"]}}, "a zero"),
        ({"expected": {"response": {"headers": {"<b>": "1"}}}}, "no name of a header"),
        ({"expected": {"logs": ["a" * 70_000]}}, "65536"),
        ({"expected": None}, "no version has passed"),
        ({"description": "a\u202eb"}, "U\\+202E"),
        ({"description": "a" * 201}, "200"),
    ],
)
def test_what_is_no_example_is_refused_with_the_reason(
    alice: Actor, extension: Extension, said: dict[str, Any], told: str
) -> None:
    with pytest.raises(HubError, match=told):
        save(alice, extension, **said)

    assert TrialExample.objects.count() == 0


def test_what_is_too_deep_is_refused(alice: Actor, extension: Extension) -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(HubError, match="nested too deeply"):
        save(alice, extension, trial={"request": {"body": deep}})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"request": ', "This is no JSON: Expecting value in line 1, column 12."),
        ("[]", "Write a JSON object"),
        ("NaN", "Write a JSON object"),
        ("[" * 50_000, "nested too deeply"),
        ("", "required"),
        ('{"a": "' + "a" * 300_000 + '"}', "at most"),
    ],
)
def test_a_form_says_why_a_text_is_no_document(text: str, told: str) -> None:
    form = ExampleForm({"name": "a", "trial": text, "expected": "{}"}, is_new=True)

    assert not form.is_valid()
    assert told in str(form.errors["trial"])
