from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import services
from accounts.actors import actor_by_access_token, actor_for
from accounts.models import AccessToken, Membership, Namespace, Organization, User
from core.actor import ANONYMOUS, Actor
from core.errors import (
    ConflictError,
    CredentialsError,
    InvalidError,
    NameInvalidError,
    NameTakenError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
)
from core.policy import Role


def member(name: str) -> Actor:
    return actor_for(services.create_user(username=name, email=f"{name}@example.com", password="p"))


class TestNames:
    @pytest.mark.django_db
    @pytest.mark.parametrize(
        "name", ["a", "-a", "a-", "a--b", "Acme", "a_b", "x" * 78, "é1", "a\n", ""]
    )
    def test_outside_the_grammar_are_refused_with_the_rule(self, name: str) -> None:
        with pytest.raises(NameInvalidError, match="2 to 39"):
            member(name)

    @pytest.mark.django_db
    @pytest.mark.parametrize("name", ["admin", "v2", "wasmhub", "settings", "official"])
    def test_that_are_reserved_are_refused(self, name: str) -> None:
        with pytest.raises(NameInvalidError, match="reserved"):
            member(name)

    @pytest.mark.usefixtures("acme")
    def test_are_one_space_for_people_and_organizations(self, alice: Actor) -> None:
        with pytest.raises(NameTakenError):
            member("acme")
        with pytest.raises(NameTakenError):
            services.create_organization(actor=alice, name="alice")

        assert Namespace.objects.count() == 2
        assert User.objects.count() == 1
        assert Organization.objects.count() == 1


class TestOrganizations:
    @pytest.mark.django_db
    def test_are_founded_by_somebody(self) -> None:
        with pytest.raises(NotSignedInError):
            services.create_organization(actor=ANONYMOUS, name="acme")

    def test_take_members_from_their_owners_only(self, owner: Actor, acme: Organization) -> None:
        bob = member("bob")
        services.set_member(actor=owner, organization=acme, username="bob", role=Role.MEMBER)
        mallory = member("mallory")

        with pytest.raises(NotFoundError):
            services.set_member(
                actor=mallory, organization=acme, username="mallory", role=Role.OWNER
            )

        assert actor_for(User.objects.get(username="bob")).role_in("acme") == Role.MEMBER
        assert bob.role_in("acme") == Role.STRANGER
        assert not Membership.objects.filter(user__username="mallory").exists()

    def test_keep_their_last_owner(self, owner: Actor, acme: Organization) -> None:
        with pytest.raises(ConflictError):
            services.set_member(actor=owner, organization=acme, username="alice", role=Role.MEMBER)
        with pytest.raises(ConflictError):
            services.remove_member(actor=owner, organization=acme, username="alice")

        assert Membership.objects.get().role == Role.OWNER

    @pytest.mark.django_db(transaction=True)
    def test_keep_an_owner_when_two_leave_at_once(self, owner: Actor, acme: Organization) -> None:
        bob = member("bob")
        services.set_member(actor=owner, organization=acme, username="bob", role=Role.OWNER)
        start = threading.Barrier(2)
        refused: list[str] = []

        def leave(name: str) -> None:
            actor = actor_for(User.objects.get(username=name))
            start.wait()
            try:
                services.remove_member(actor=actor, organization=acme, username=name)
            except ConflictError:
                refused.append(name)
            finally:
                connection.close()

        threads = [threading.Thread(target=leave, args=[name]) for name in ("alice", bob.name)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(refused) == 1
        assert Membership.objects.filter(role=Role.OWNER.value).count() == 1


class TestAccessTokens:
    def test_stand_for_their_owner(self, alice: Actor) -> None:
        token, secret = services.create_access_token(actor=alice, name="laptop")

        assert secret.startswith("whub_")
        assert actor_by_access_token(secret).name == "alice"
        assert actor_by_access_token(secret, username="alice").user_id == alice.user_id
        assert secret not in str(AccessToken.objects.filter(pk=token.pk).values())

    def test_are_refused_when_wrong_expired_revoked_or_somebody_elses(self, alice: Actor) -> None:
        _, good = services.create_access_token(actor=alice, name="good")
        expired, old = services.create_access_token(actor=alice, name="old")
        AccessToken.objects.filter(pk=expired.pk).update(
            expires=timezone.now() - timedelta(seconds=1)
        )
        ended, gone = services.create_access_token(actor=alice, name="gone")
        services.revoke_access_token(actor=alice, token_id=ended.pk)
        member("bob")

        for secret, username in [
            ("whub_nonsense", None),
            ("", None),
            ("\udcff", None),
            (old, None),
            (gone, None),
            (good, "bob"),
        ]:
            with pytest.raises(CredentialsError):
                actor_by_access_token(secret, username=username)

    def test_of_others_cannot_be_revoked(self, alice: Actor) -> None:
        token, secret = services.create_access_token(actor=alice, name="laptop")

        with pytest.raises(NotFoundError):
            services.revoke_access_token(actor=member("mallory"), token_id=token.pk)

        assert actor_by_access_token(secret).name == "alice"

    def test_cannot_make_further_tokens(self, alice: Actor) -> None:
        _, secret = services.create_access_token(actor=alice, name="laptop")

        with pytest.raises(NotAllowedError):
            services.create_access_token(actor=actor_by_access_token(secret), name="more")

    @pytest.mark.parametrize(("scopes", "days"), [(["everything"], 1), ([], 1), (["pull"], 0)])
    def test_need_known_scopes_and_an_expiry(
        self, alice: Actor, scopes: list[str], days: int
    ) -> None:
        with pytest.raises(InvalidError):
            services.create_access_token(actor=alice, name="x", scopes=scopes, days=days)
