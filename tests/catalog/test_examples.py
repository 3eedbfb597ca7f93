"""Examples as services keep them, and what workers write about them."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import ExampleResult, Extension, Release, TrialExample
from catalog.selectors.examples import example_counts, example_runs
from catalog.services import (
    Example,
    delete_example,
    delete_extension,
    record_example_result,
    save_example,
)
from core.actor import Actor
from core.errors import ConflictError, NotAllowedError, NotFoundError
from core.models import AuditEvent
from tests.catalog.conftest import release

EXPECTED: dict[str, Any] = {"outcome": "continued"}


def keep(actor: Actor, extension: Extension, name: str = "plain", **said: Any) -> TrialExample:
    fields = {"name": name, "description": "", "trial": {}, "expected": EXPECTED} | said
    example = Example(**fields)
    return save_example(actor=actor, extension=extension, example=example, replace=True)[0]


def ended(example: TrialExample, on: Release, state: str, **said: Any) -> None:
    record_example_result(
        example_id=example.pk, revision=example.revision, release_id=on.pk, state=state, **said
    )


@pytest.fixture
def passed(alice: Actor, extension: Extension) -> Release:
    release(alice, extension, "a", "1.0.0")
    extension.refresh_from_db()
    return Release.objects.select_related("extension").get()


def test_each_change_has_one_audit_row(alice: Actor, extension: Extension) -> None:
    keep(alice, extension)
    keep(alice, extension)
    keep(alice, extension, description="Other words.")
    delete_example(actor=alice, extension=extension, name="plain")

    actions = AuditEvent.objects.filter(action__startswith="example.").order_by("pk")
    assert [(each.action, each.actor) for each in actions] == [
        ("example.created", "alice"),
        ("example.edited", "alice"),
        ("example.deleted", "alice"),
    ]


def test_there_are_at_most_twenty(alice: Actor, extension: Extension) -> None:
    for number in range(20):
        keep(alice, extension, f"number-{number}")

    with pytest.raises(ConflictError, match="20 examples"):
        keep(alice, extension, "one-more")
    keep(alice, extension, "number-0", description="It may still change.")


def test_only_who_may_publish_changes_them(
    alice: Actor, mallory: Actor, extension: Extension, passed: Release
) -> None:
    keep(alice, extension)

    with pytest.raises(NotAllowedError):
        keep(mallory, extension)
    with pytest.raises(NotAllowedError):
        delete_example(actor=mallory, extension=extension, name="plain")


def test_a_release_has_one_result_of_each(
    alice: Actor, extension: Extension, passed: Release
) -> None:
    example = keep(alice, extension)
    ended(example, passed, "not-run", reason="The hub was busy.")
    ended(example, passed, "failed", differences=["It differs."])

    assert ExampleResult.objects.count() == 1
    (run,) = example_runs(release=passed)
    assert (run.state, run.differences, run.reason) == ("failed", ["It differs."], "")


def test_what_was_run_before_a_change_counts_no_more(
    alice: Actor, extension: Extension, passed: Release
) -> None:
    before = keep(alice, extension)
    ended(before, passed, "passed")
    assert example_counts(extension=extension)["1.0.0"].passed == 1

    keep(alice, extension, expected={"outcome": "replied"})
    ended(before, passed, "passed")  # a worker that began before the change

    assert ExampleResult.objects.count() == 0
    assert example_runs(release=passed)[0].state == "not-run"
    assert example_counts(extension=extension) == {}


def test_what_was_not_run_is_not_counted(
    alice: Actor, extension: Extension, passed: Release
) -> None:
    ended(keep(alice, extension, "one"), passed, "passed")
    ended(keep(alice, extension, "two"), passed, "failed", differences=["It differs."])
    ended(keep(alice, extension, "three"), passed, "not-run", reason="Its chain is gone.")

    count = example_counts(extension=extension)["1.0.0"]
    assert (count.passed, count.run, count.is_good) == (1, 2, False)


def test_a_result_of_what_is_gone_is_dropped(
    alice: Actor, extension: Extension, passed: Release
) -> None:
    example = keep(alice, extension)
    delete_extension(actor=alice, extension=extension)

    ended(example, passed, "passed")

    assert TrialExample.objects.count() == ExampleResult.objects.count() == 0


def test_what_is_not_there_cannot_be_deleted(alice: Actor, extension: Extension) -> None:
    for name in ("none", "a\0b", "<b>", "a" * 1000):
        with pytest.raises(NotFoundError):
            delete_example(actor=alice, extension=extension, name=name)
