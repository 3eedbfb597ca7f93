"""Yank: no longer offered, and says why; whoever has the digest still gets it."""

from __future__ import annotations

import pytest

from catalog.models import Extension, Manifest, Release, Verdict
from catalog.search import SearchRequest, search
from catalog.search.follower import Follower
from catalog.selectors import get_release, newest_release, releases_of, resolve_manifest
from catalog.selectors.cards import counts, namespace_cards, recent_cards
from catalog.selectors.pages import extension_page
from catalog.services import delete_release, edit_rules, yank_release
from core.actor import ANONYMOUS, Actor
from core.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
)
from core.models import AuditEvent
from tests.catalog.conftest import age, release

pytestmark = pytest.mark.django_db

WHY = "It lets every request pass."


def yank(actor: Actor, extension: Extension, version: str, reason: str | None = WHY) -> Release:
    return yank_release(actor=actor, extension=extension, version=version, reason=reason)


def test_latest_and_lists_skip_it_and_its_digest_still_works(
    owner: Actor, bob: Actor, shared: Extension
) -> None:
    good = release(owner, shared, "good", "1.0.0")
    bad = release(owner, shared, "bad", "1.1.0")

    yanked = yank(bob, shared, "v1.1.0")

    def resolved(reference: str) -> Manifest:
        return resolve_manifest(actor=ANONYMOUS, extension=shared, reference=reference)

    assert yanked.yanked == WHY
    assert yanked.yanked_at is not None
    assert resolved("latest") == good
    assert resolved(bad.digest) == bad
    (card,) = recent_cards(actor=ANONYMOUS, limit=9)
    assert card.version == "1.0.0"
    assert counts(actor=ANONYMOUS) == {"extensions": 1, "releases": 1, "publishers": 1}
    rows = releases_of(actor=ANONYMOUS, extension=shared)
    assert [(row.version, row.yanked) for row in rows] == [("1.1.0", WHY), ("1.0.0", "")]
    newest = newest_release(rows)
    assert newest is not None
    assert newest.version == "1.0.0"
    page = extension_page(
        actor=ANONYMOUS, extension=shared, origin="https://hub", tab="versions", version="1.1.0"
    )
    assert page.release is not None
    assert page.release.yanked == WHY
    assert f"hub/acme/jwt@{bad.digest}" in page.release.pull_commands[0].command


def test_null_offers_it_again(owner: Actor, shared: Extension) -> None:
    release(owner, shared, "one", "1.0.0")
    yank(owner, shared, "1.0.0")
    yank(owner, shared, "1.0.0")

    again = yank(owner, shared, "1.0.0", None)

    assert (again.yanked, again.yanked_at) == ("", None)
    events = AuditEvent.objects.filter(action__startswith="release.").order_by("pk")
    assert [(event.action, event.detail["reason"]) for event in events] == [
        ("release.yanked", WHY),
        ("release.offered-again", ""),
    ]


def test_an_extension_of_nothing_else_is_in_no_list_but_keeps_its_page(
    owner: Actor, shared: Extension
) -> None:
    release(owner, shared, "one", "1.0.0")
    release(owner, shared, "one", "edge")
    yank(owner, shared, "1.0.0")

    assert recent_cards(actor=ANONYMOUS, limit=9) == []
    assert counts(actor=ANONYMOUS)["extensions"] == 0
    (card,) = namespace_cards(actor=ANONYMOUS, namespace="acme")
    assert card.version is None
    assert get_release(actor=ANONYMOUS, extension=shared, version="1.0.0").yanked == WHY


@pytest.mark.django_db(transaction=True)
def test_search_skips_it(owner: Actor, shared: Extension) -> None:
    release(owner, shared, "one", "1.0.0")
    follower = Follower()

    def found() -> list[int]:
        follower.step()
        return search(actor=ANONYMOUS, request=SearchRequest(text="jwt")).ids

    assert found() == [shared.pk]
    yank(owner, shared, "1.0.0")
    assert found() == []
    yank(owner, shared, "1.0.0", None)
    assert found() == [shared.pk]
    delete_release(actor=owner, extension=shared, version="1.0.0")
    assert found() == []


def test_it_may_be_yanked_when_it_can_no_longer_be_deleted(owner: Actor, shared: Extension) -> None:
    release(owner, shared, "one", "1.0.0")
    age(shared, 1000)

    assert yank(owner, shared, "1.0.0").yanked == WHY


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 301, "safe \u202ecod.exe"])
def test_a_reason_is_a_sentence(owner: Actor, shared: Extension, reason: str) -> None:
    release(owner, shared, "one", "1.0.0")

    with pytest.raises(InvalidError) as refusal:
        yank(owner, shared, "1.0.0", reason)

    assert "yanked" in refusal.value.detail["fields"]  # type: ignore[operator] # a dictionary
    assert Release.objects.get().yanked == ""


def test_what_never_passed_is_deleted_instead(owner: Actor, shared: Extension) -> None:
    release(owner, shared, "one", "1.0.0", Verdict.FAILED)

    with pytest.raises(ConflictError, match="delete"):
        yank(owner, shared, "1.0.0")


def test_outsiders_yank_nothing(owner: Actor, mallory: Actor, shared: Extension) -> None:
    release(owner, shared, "one", "1.0.0")

    with pytest.raises(NotAllowedError, match="extension:yank"):
        yank(mallory, shared, "1.0.0")
    with pytest.raises(NotSignedInError):
        yank(ANONYMOUS, shared, "1.0.0")
    with pytest.raises(NotFoundError):
        yank(owner, shared, "2.0.0")
    Extension.objects.update(visibility="private")
    with pytest.raises(NotFoundError):
        yank(mallory, shared, "1.0.0")

    assert Release.objects.get().yanked == ""


def test_a_protected_release_is_yanked_by_owners_only(
    owner: Actor, bob: Actor, shared: Extension
) -> None:
    release(owner, shared, "one", "1.0.0")
    edit_rules(actor=owner, namespace="acme", changes={"protected_tags": ["v1.*"]})

    with pytest.raises(NotAllowedError, match="Only an owner"):
        yank(bob, shared, "1.0.0")

    assert yank(owner, shared, "1.0.0").yanked == WHY
