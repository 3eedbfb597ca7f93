"""Two at the same moment: one is first, and nothing is left half done."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db.models import F, Q

from catalog.models import Alias, Extension, Manifest, ManifestPull, Release, Tag, Verdict
from catalog.services import (
    Judgement,
    delete_extension,
    delete_manifest,
    delete_release,
    delete_tag,
    edit_rules,
    open_extension,
    record_verdict,
    rename_extension,
    transfer_extension,
    yank_release,
)
from core.actor import Actor
from core.errors import HubError
from core.models import AuditEvent
from tests.catalog.conftest import FACTS, pull, release, together
from tests.transactions import TRANSACTIONS

pytestmark = TRANSACTIONS

# Who is first is luck: one round each time, more of them in the long run.
ROUNDS = [0, *(pytest.param(number, marks=pytest.mark.slow) for number in range(1, 8))]
Act = Callable[[], object]


def fresh(extension: Extension) -> Extension:
    return Extension.objects.select_related("namespace").get(pk=extension.pk)


def check_whole() -> None:
    """Check what is true whoever was first: of every two rows, one is not about a third."""
    names = {str(each) for each in Extension.objects.select_related("namespace")}
    assert not names & {str(each) for each in Alias.objects.all()}
    elsewhere = ~Q(manifest__extension=F("extension"))
    assert not Release.objects.filter(elsewhere, manifest__isnull=False).exists()
    assert not Tag.objects.exclude(pushed__extension=F("extension")).exists()
    unheard_of = Release.objects.filter(manifest__verdict=Verdict.PASSED, passed=None)
    assert not unheard_of.exists()
    behind = Tag.objects.filter(pushed__verdict=Verdict.PASSED).exclude(served=F("pushed"))
    assert not behind.exists()


def outcomes(*acts: Act) -> list[str]:
    """Do things at once; anything but a refusal in words is a failure."""
    raised = together(*acts)
    for error in raised:
        if error is not None and not isinstance(error, HubError):
            raise error
    check_whole()
    return ["done" if error is None else type(error).__name__ for error in raised]


@pytest.mark.parametrize("number", ROUNDS)
class TestTwoAtOnce:
    def test_delete_a_release_once(self, owner: Actor, shared: Extension, number: int) -> None:
        release(owner, shared, "one", "1.0.0")

        def delete() -> None:
            delete_release(actor=owner, extension=shared, version="1.0.0")

        assert sorted(outcomes(delete, delete)) == ["NotFoundError", "done"]
        assert AuditEvent.objects.filter(action="release.deleted").count() == 1

    def test_rename_one_extension_once(self, owner: Actor, shared: Extension, number: int) -> None:
        release(owner, shared, "one", "1.0.0")
        found = fresh(shared)

        happened = outcomes(
            lambda: rename_extension(actor=owner, extension=found, name="first"),
            lambda: rename_extension(actor=owner, extension=found, name="second"),
        )

        assert sorted(happened) == ["ConflictError", "done"]
        assert Alias.objects.count() == 1

    def test_rename_and_transfer_one_extension_once(
        self, owner: Actor, extension: Extension, number: int
    ) -> None:
        release(owner, extension, "one", "1.0.0")
        found = fresh(extension)

        happened = outcomes(
            lambda: rename_extension(actor=owner, extension=found, name="renamed"),
            lambda: transfer_extension(actor=owner, extension=found, namespace="acme"),
        )

        assert sorted(happened) == ["ConflictError", "done"]

    def test_move_to_one_name(
        self, owner: Actor, shared: Extension, extension: Extension, number: int
    ) -> None:
        other = open_extension(actor=owner, namespace="acme", name="other")
        for row in (shared, other, extension):
            release(owner, row, "one", "1.0.0")
        shared, other, extension = fresh(shared), fresh(other), fresh(extension)

        happened = outcomes(
            # The first leaves the name that the two others want.
            lambda: rename_extension(actor=owner, extension=shared, name="left"),
            lambda: rename_extension(actor=owner, extension=other, name="jwt"),
            lambda: transfer_extension(actor=owner, extension=extension, namespace="acme"),
            lambda: open_extension(actor=owner, namespace="acme", name="jwt"),
        )

        # An old name stays with its extension, so nobody else ever gets it.
        assert happened == ["done", "NameTakenError", "NameTakenError", "done"]

    def test_transfer_crosswise_without_waiting_for_each_other(
        self, owner: Actor, extension: Extension, number: int
    ) -> None:
        there = open_extension(actor=owner, namespace="acme", name="there")
        for row in (there, extension):
            release(owner, row, "one", "1.0.0")
        here, there = fresh(extension), fresh(there)

        happened = outcomes(
            lambda: transfer_extension(actor=owner, extension=here, namespace="acme"),
            lambda: transfer_extension(actor=owner, extension=there, namespace="alice"),
        )

        assert happened == ["done", "done"]

    def test_take_the_last_place(self, owner: Actor, number: int) -> None:
        edit_rules(actor=owner, namespace="acme", changes={"quota_extensions": 1})

        def take(name: str) -> Act:
            return lambda: open_extension(actor=owner, namespace="acme", name=name)

        happened = outcomes(take("one"), take("two"), take("three"))

        assert sorted(happened) == ["QuotaExceededError", "QuotaExceededError", "done"]

    def test_make_one_name(self, owner: Actor, bob: Actor, number: int) -> None:
        def make(actor: Actor) -> Act:
            return lambda: open_extension(actor=actor, namespace="acme", name="new")

        assert outcomes(make(owner), make(bob), make(owner)) == ["done"] * 3
        assert AuditEvent.objects.filter(action="extension.created").count() == 1

    def test_rule(self, owner: Actor, number: int) -> None:
        happened = outcomes(
            lambda: edit_rules(actor=owner, namespace="acme", changes={"quota_bytes": 1}),
            lambda: edit_rules(actor=owner, namespace="acme", changes={"creation": "public"}),
        )

        rules = edit_rules(actor=owner, namespace="acme", changes={})
        assert happened == ["done", "done"]
        assert (rules.quota_bytes, rules.creation) == (1, "public")


@pytest.mark.parametrize("number", ROUNDS)
class TestAPush:
    def test_and_a_delete_of_the_same_bytes(
        self, owner: Actor, bob: Actor, shared: Extension, number: int
    ) -> None:
        manifest = release(owner, shared, "one", "1.0.0", Verdict.PENDING)

        happened = outcomes(
            lambda: delete_manifest(actor=owner, extension=shared, digest=manifest.digest),
            lambda: release(bob, shared, "one", "1.0.1", Verdict.PENDING),
            lambda: release(bob, shared, "one", "edge", Verdict.PENDING),
        )

        assert happened == ["done"] * 3

    def test_and_a_delete_of_the_same_version(
        self, owner: Actor, shared: Extension, number: int
    ) -> None:
        release(owner, shared, "one", "1.0.0")

        happened = outcomes(
            lambda: delete_release(actor=owner, extension=shared, version="1.0.0"),
            lambda: release(owner, shared, "two", "1.0.0", Verdict.PENDING),
        )

        # Before the delete the version has other bytes; behind it the version is free.
        assert happened in (["done", "done"], ["done", "VersionExistsError"])
        assert Release.objects.count() == (1 if happened[1] == "done" else 0)

    def test_and_a_delete_of_the_whole_extension(
        self, owner: Actor, bob: Actor, shared: Extension, number: int
    ) -> None:
        release(owner, shared, "one", "edge", Verdict.PENDING)

        happened = outcomes(
            lambda: delete_extension(actor=owner, extension=shared),
            lambda: release(bob, shared, "two", "1.0.0", Verdict.PENDING),
            lambda: delete_tag(actor=owner, extension=shared, name="edge"),
            lambda: open_extension(actor=owner, namespace="acme", name="jwt"),
        )

        assert happened[0] == "done"
        assert set(happened[1:]) <= {"done", "NotFoundError"}
        assert not Manifest.objects.exists()

    def test_and_the_verdict_on_the_same_bytes(
        self, owner: Actor, bob: Actor, shared: Extension, number: int
    ) -> None:
        manifest = release(owner, shared, "one", "1.0.0", Verdict.PENDING)
        passed = Judgement(Verdict.PASSED, 1, dict(FACTS), [])

        happened = outcomes(
            lambda: record_verdict(manifest=manifest, judgement=passed),
            lambda: release(bob, shared, "one", "1.0.1", Verdict.PENDING),
            lambda: release(bob, shared, "one", "edge", Verdict.PENDING),
        )

        # ``check_whole`` says the rest: both names are open to readers.
        assert happened == ["done"] * 3


@pytest.mark.parametrize("number", ROUNDS)
class TestADelete:
    def test_and_a_pull_by_somebody_else(
        self, owner: Actor, mallory: Actor, shared: Extension, number: int
    ) -> None:
        manifest = release(owner, shared, "one", "1.0.0")

        happened = outcomes(
            lambda: delete_release(actor=owner, extension=shared, version="1.0.0"),
            lambda: pull(manifest, mallory),
            lambda: pull(manifest),
        )

        assert happened[1:] == ["done", "done"]
        assert happened[0] == ("ReleaseKeptError" if ManifestPull.objects.exists() else "done")
        assert Release.objects.exists() == ManifestPull.objects.exists()

    @pytest.mark.parametrize("whole", [True, False])
    def test_and_a_verdict(self, owner: Actor, shared: Extension, whole: bool, number: int) -> None:
        manifest = release(owner, shared, "one", "1.0.0", Verdict.PENDING)
        passed = Judgement(Verdict.PASSED, 1, dict(FACTS), [])

        def delete() -> None:
            if whole:
                delete_extension(actor=owner, extension=shared)
            else:
                delete_manifest(actor=owner, extension=shared, digest=manifest.digest)

        assert outcomes(delete, lambda: record_verdict(manifest=manifest, judgement=passed)) == [
            "done",
            "done",
        ]
        assert not Manifest.objects.exists()
        assert not Extension.objects.exclude(listed=None).exists()

    def test_and_a_yank(self, owner: Actor, shared: Extension, number: int) -> None:
        release(owner, shared, "one", "1.0.0")

        happened = outcomes(
            lambda: delete_release(actor=owner, extension=shared, version="1.0.0"),
            lambda: yank_release(actor=owner, extension=shared, version="1.0.0", reason="Bad."),
        )

        assert happened in (["done", "done"], ["done", "NotFoundError"])

    def test_and_the_end_of_the_right_to_it(
        self, owner: Actor, extension: Extension, number: int
    ) -> None:
        release(owner, extension, "one", "1.0.0")
        alice_alone = Actor(owner.user_id, owner.name, {"alice": owner.role_in("alice")})
        found = fresh(extension)

        happened = outcomes(
            lambda: transfer_extension(actor=owner, extension=found, namespace="acme"),
            lambda: delete_release(actor=alice_alone, extension=found, version="1.0.0"),
        )

        # Whoever deletes needs the right where the extension is then.
        assert happened in (["done", "done"], ["done", "NotAllowedError"])
        assert Release.objects.exists() == (happened[1] != "done")
