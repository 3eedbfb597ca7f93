"""Trials that authors keep: make, change and delete them, and write down how releases did."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction

from catalog.models import ExampleResult, Extension, Release, StandardTrial, TrialExample
from catalog.models.examples import EXAMPLE_NAME
from catalog.selectors import where
from catalog.selectors.examples import get_example
from catalog.services.holding import hold
from core import audit
from core.errors import ConflictError, InvalidError, NameInvalidError, NotFoundError
from core.policy import Permission, require

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from core.actor import Actor

MOST = 20
DOCUMENT_BYTES = 64 * 1024
NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Example:
    """What an author says of an example; the shapes are those of ``wasmhub.proxywasm.host``."""

    name: str
    description: str
    trial: dict[str, Any]
    expected: dict[str, Any]


def check_document(where: str, document: object) -> None:
    """
    Check that a document can be kept.

    :raises InvalidError: it is too large or too deep, or has what no database keeps
    """
    try:
        size = len(json.dumps(document).encode())
    except RecursionError:
        raise InvalidError(f"{where} is nested too deeply.") from None
    if size > DOCUMENT_BYTES:
        raise InvalidError(
            f"{where} has {size} bytes of JSON, and an example may have {DOCUMENT_BYTES}."
        )
    if not all(map(_can_be_kept, _texts(document))):
        raise InvalidError(
            f"{where} has a text with a zero or half a character in it: write it as base64."
        )


@transaction.atomic
def save_example(
    *, actor: Actor, extension: Extension, example: Example, replace: bool
) -> tuple[TrialExample, bool]:
    """
    Keep an example, or replace the one of its name; return it, and whether it has to be run.

    When what is run or expected changed, no result of before counts any more.

    :raises NameInvalidError: the name is outside its grammar
    :raises InvalidError: the trial, the expectation or the description breaks its rule
    :raises NotAllowedError: the actor may read, but not publish
    :raises ConflictError: the name is taken and not to be replaced, or there are too many
    """
    held = hold(extension.pk)
    require(actor, Permission.EXTENSION_PUBLISH, **where(held))
    _check(example)
    row = held.examples.filter(name=example.name).first()
    if row is not None and not (replace or _is(row, example)):
        raise ConflictError(f"There is an example {example.name} already: change that one.")
    if row is None:
        return _create(actor, held, example), True
    if _is(row, example):
        return row, False
    again = (row.trial, row.expected) != (example.trial, example.expected)
    row.description, row.trial, row.expected = example.description, example.trial, example.expected
    if again:
        row.revision += 1
        row.author_id = actor.user_id
        row.results.all().delete()
    row.save()
    audit.record(actor, "example.edited", str(held), name=row.name, revision=row.revision)
    return row, again


def _create(actor: Actor, extension: Extension, example: Example) -> TrialExample:
    if extension.examples.count() >= MOST:
        raise ConflictError(f"{extension} has {MOST} examples, and no more fit: delete one first.")
    row = TrialExample.objects.create(
        extension=extension,
        name=example.name,
        description=example.description,
        trial=example.trial,
        expected=example.expected,
        author_id=actor.user_id,
    )
    audit.record(actor, "example.created", str(extension), name=row.name)
    return row


@transaction.atomic
def delete_example(*, actor: Actor, extension: Extension, name: str) -> None:
    """
    Delete an example and its results.

    :raises NotFoundError: there is no such example
    :raises NotAllowedError: the actor may read, but not publish
    """
    held = hold(extension.pk)
    require(actor, Permission.EXTENSION_PUBLISH, **where(held))
    row = get_example(extension=held, name=name)
    row.delete()
    audit.record(actor, "example.deleted", str(held), name=name)


@transaction.atomic
def record_example_result(  # noqa: PLR0913 - its parts are its arguments
    *,
    example_id: int,
    revision: int,
    release_id: int,
    state: str,
    differences: Sequence[str] = (),
    reason: str = "",
) -> None:
    """Write how a release did; nothing when either is gone, or the example changed meanwhile."""
    release = Release.objects.filter(pk=release_id).first()
    if release is None:
        return
    try:
        held = hold(release.extension_id)
    except NotFoundError:
        return
    example = held.examples.filter(pk=example_id, revision=revision).first()
    release = held.releases.filter(pk=release_id).first()
    if example is None or release is None:
        return
    said = {"state": state, "differences": list(differences), "reason": reason}
    ExampleResult.objects.update_or_create(example=example, release=release, defaults=said)


def record_standard_trial(*, sha256: str, summary: dict[str, Any]) -> None:
    """Write what a module does to a plain request."""
    StandardTrial.objects.update_or_create(sha256=sha256, defaults={"summary": summary})


def _is(row: TrialExample, example: Example) -> bool:
    kept = Example(row.name, row.description, row.trial, row.expected)
    return kept == example


def _check(example: Example) -> None:
    from wasmhub.proxywasm.host import (  # noqa: PLC0415 - imported late on purpose: it has an engine
        Expectation,
        Trial,
        TrialError,
    )

    if len(example.name) > NAME_LENGTH or not re.fullmatch(EXAMPLE_NAME, example.name):
        raise NameInvalidError(
            f"The name of an example has up to {NAME_LENGTH} lower-case letters and digits, with "
            "single hyphens between them, as in denies-a-closed-path."
        )
    field = TrialExample._meta.get_field("description")  # noqa: SLF001 - Django's documented _meta
    try:
        field.clean(example.description, None)
    except ValidationError as error:
        raise InvalidError(f"description: {' '.join(error.messages)}") from error
    check_document("trial", example.trial)
    check_document("expected", example.expected)
    try:
        Trial.from_json(example.trial)
        Expectation.from_json(example.expected)
    except TrialError as error:
        raise InvalidError(str(error)) from error


def _can_be_kept(text: str) -> bool:
    """Test that every database takes the text."""
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


def _texts(document: object) -> Iterator[str]:
    """Yield every text of a document, names too."""
    unread: list[object] = [document]
    while unread:
        one = unread.pop()
        if isinstance(one, str):
            yield one
        inner: Iterable[object] = ()
        if isinstance(one, dict):
            inner = [*one, *one.values()]
        elif isinstance(one, list):
            inner = one
        unread.extend(inner)
