"""What the owners of a namespace rule: quotas, tags, new names."""

from __future__ import annotations

import io
from typing import Any

import pytest

from accounts.actors import actor_by_access_token
from accounts.services import create_access_token
from catalog.models import Extension, NamespaceRules, Release, Tag
from catalog.selectors import get_rules
from catalog.services import check_quota, edit_rules, open_extension, reserve_release
from core.actor import ANONYMOUS, Actor
from core.errors import HubError, InvalidError, NotAllowedError, NotFoundError
from core.models import AuditEvent
from tests.catalog.conftest import release

pytestmark = pytest.mark.django_db


def rule(actor: Actor, **changes: Any) -> NamespaceRules:
    return edit_rules(actor=actor, namespace="acme", changes=changes)


class TestRules:
    def test_are_made_by_owners_and_read_by_members(
        self, owner: Actor, bob: Actor, mallory: Actor
    ) -> None:
        rule(owner, quota_bytes=10, protected_tags=["v*"])
        rule(owner, creation="public")
        rule(owner, creation="public")

        for actor in (owner, bob):
            rules = get_rules(actor=actor, namespace="acme")
            assert (rules.quota_bytes, rules.quota_extensions) == (10, None)
            assert (rules.protected_tags, rules.creation) == (["v*"], "public")
        assert AuditEvent.objects.filter(action="namespace.rules-edited").count() == 2
        with pytest.raises(NotAllowedError, match="namespace:edit-rules"):
            rule(bob, quota_bytes=None)
        for actor in (mallory, ANONYMOUS):
            with pytest.raises(NotFoundError):
                rule(actor, quota_bytes=None)
            with pytest.raises(NotFoundError):
                get_rules(actor=actor, namespace="acme")

    def test_are_for_a_persons_own_namespace_too(self, alice: Actor) -> None:
        assert get_rules(actor=alice, namespace="alice").creation == "private"

        edit_rules(actor=alice, namespace="alice", changes={"creation": "public"})

        made = open_extension(actor=alice, namespace="alice", name="one")
        assert made.visibility == "public"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("quota_bytes", -1),
            ("quota_bytes", "many"),
            ("quota_extensions", -1),
            ("protected_tags", "v*"),
            ("protected_tags", None),
            ("protected_tags", ["[a-z]"]),
            ("protected_tags", [""]),
            ("protected_tags", [1]),
            ("protected_tags", ["x"] * 51),
            ("creation", "sometimes"),
            ("creation", None),
        ],
    )
    def test_have_bounds(self, owner: Actor, name: str, value: object) -> None:
        with pytest.raises(InvalidError) as refusal:
            rule(owner, **{name: value})

        assert name in refusal.value.detail["fields"]  # type: ignore[operator] # a dictionary


class TestProtectedTags:
    @pytest.mark.parametrize("tag", ["1.0.0", "v1.0.0", "stable", "stab-1"])
    @pytest.mark.parametrize("patterns", [["*"], ["v*", "stab*"], ["1.*", "stab?e", "stab-?"]])
    def test_are_pushed_by_owners_only_however_they_are_spelt(
        self, owner: Actor, bob: Actor, shared: Extension, tag: str, patterns: list[str]
    ) -> None:
        rule(owner, protected_tags=patterns)

        with pytest.raises(NotAllowedError, match="Only an owner of acme"):
            release(bob, shared, "one", tag)

        assert not Release.objects.exists()
        assert not Tag.objects.exists()
        release(owner, shared, "one", tag)
        release(bob, shared, "two", "edge" if "*" not in patterns else None)

    def test_are_uploaded_by_owners_only(self, owner: Actor, bob: Actor) -> None:
        rule(owner, protected_tags=["v1.*"])

        def upload(actor: Actor, version: str) -> Release:
            return reserve_release(
                actor=actor, namespace="acme", name="up", version=version, module=io.BytesIO(b"x")
            )

        with pytest.raises(NotAllowedError, match="Only an owner"):
            upload(bob, "1.0.0")
        upload(bob, "2.0.0")
        upload(owner, "1.0.0")

    def test_are_not_for_an_owners_token_that_cannot_publish(
        self, owner: Actor, shared: Extension
    ) -> None:
        _, secret = create_access_token(actor=owner, name="ci", scopes=["pull"])

        with pytest.raises(NotAllowedError):
            release(actor_by_access_token(secret), shared, "one", "1.0.0")

    def test_of_many_stars_are_matched_at_once(self, owner: Actor, bob: Actor) -> None:
        rule(owner, protected_tags=["*a" * 60 + "b"] * 50)
        extension = open_extension(actor=bob, namespace="acme", name="jwt")

        release(bob, extension, "one", "a" * 128)

        assert Tag.objects.count() == 1


class TestNewNames:
    def test_are_private_unless_it_is_ruled_or_asked_otherwise(self, owner: Actor) -> None:
        def made(name: str, visibility: str | None = None) -> str:
            return open_extension(
                actor=owner, namespace="acme", name=name, visibility=visibility
            ).visibility

        assert made("one") == "private"
        rule(owner, creation="public")
        assert made("two") == "public"
        assert made("three", "internal") == "internal"
        assert made("one", "public") == "private"

    def test_that_are_forbidden_are_made_by_owners_on_purpose_only(
        self, owner: Actor, bob: Actor, shared: Extension
    ) -> None:
        rule(owner, creation="forbidden")

        def make(actor: Actor, visibility: str | None) -> Extension:
            return open_extension(actor=actor, namespace="acme", name="new", visibility=visibility)

        for actor, visibility in ((bob, None), (bob, "private"), (owner, None)):
            with pytest.raises(NotAllowedError, match="let no push"):
                make(actor, visibility)
        assert open_extension(actor=bob, namespace="acme", name="jwt") == shared
        assert make(owner, "private").visibility == "private"
        assert make(bob, None).name == "new"


class TestQuotas:
    def test_of_extensions_refuse_one_more(self, owner: Actor, shared: Extension) -> None:
        rule(owner, quota_extensions=1)

        with pytest.raises(NotAllowedError, match="1 extensions") as refusal:
            open_extension(actor=owner, namespace="acme", name="second")
        assert refusal.value.code == "quota-exceeded"
        assert open_extension(actor=owner, namespace="acme", name="jwt") == shared
        rule(owner, quota_extensions=None)
        open_extension(actor=owner, namespace="acme", name="second")

    def test_of_bytes_refuse_what_is_over(self, owner: Actor) -> None:
        check_quota("acme", 10**12, 10**12)
        rule(owner, quota_bytes=100)

        check_quota("acme", 40, 60)
        check_quota("acme", 40, lambda: 60)
        with pytest.raises(HubError, match="60 of the 100 bytes") as refusal:
            check_quota("acme", 41, 60)

        assert (refusal.value.code, refusal.value.status) == ("quota-exceeded", 403)

    def test_that_are_not_there_ask_for_no_sum(self, owner: Actor) -> None:
        def never() -> int:
            raise AssertionError("nobody needs to add up what has no limit")

        check_quota("acme", 1, never)
