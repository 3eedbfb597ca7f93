"""Names: an extension keeps all it ever had, and nobody else gets them."""

from __future__ import annotations

import pytest

from accounts.actors import actor_for
from accounts.models import Organization, User
from accounts.services import create_organization, set_member
from catalog.models import Alias, Extension, Verdict
from catalog.search import SearchRequest, search
from catalog.search.follower import Follower
from catalog.selectors import find_extension, get_extension
from catalog.services import (
    delete_extension,
    edit_rules,
    open_extension,
    rename_extension,
    transfer_extension,
)
from core.actor import ANONYMOUS, Actor
from core.errors import (
    ConflictError,
    HubError,
    NameInvalidError,
    NameTakenError,
    NotAllowedError,
    NotFoundError,
)
from core.models import AuditEvent
from core.policy import Role
from tests.catalog.conftest import release

pytestmark = pytest.mark.django_db


def find(path: str, actor: Actor = ANONYMOUS) -> Extension:
    namespace, _, name = path.partition("/")
    return get_extension(actor=actor, namespace=namespace, name=name)


@pytest.fixture
def published(owner: Actor, shared: Extension) -> Extension:
    release(owner, shared, "one", "1.0.0")
    return Extension.objects.select_related("namespace").get()


class TestARename:
    def test_keeps_the_old_name_leading_there(self, owner: Actor, published: Extension) -> None:
        moved = rename_extension(actor=owner, extension=published, name="jwt-check")

        assert str(moved) == "acme/jwt-check"
        assert str(find("acme/jwt-check")) == "acme/jwt-check"
        assert str(find("acme/jwt")) == "acme/jwt-check"
        assert set(AuditEvent.objects.filter(action__contains="renamed").values_list("target")) == {
            ("acme/jwt",),
            ("acme/jwt-check",),
        }

    def test_back_again_takes_the_own_old_name(self, owner: Actor, published: Extension) -> None:
        for name in ("second", "third", "jwt", "jwt"):
            published = rename_extension(actor=owner, extension=published, name=name)

        assert str(find("acme/jwt")) == "acme/jwt"
        assert sorted(Alias.objects.values_list("name", flat=True)) == ["second", "third"]
        assert {str(find(f"acme/{name}")) for name in ("second", "third")} == {"acme/jwt"}

    def test_takes_nobody_elses_name_and_no_old_one(
        self, owner: Actor, published: Extension
    ) -> None:
        other = open_extension(actor=owner, namespace="acme", name="other")
        release(owner, other, "two", "1.0.0")
        rename_extension(actor=owner, extension=published, name="renamed")

        for name in ("renamed", "jwt"):
            with pytest.raises(NameTakenError):
                rename_extension(actor=owner, extension=other, name=name)

        assert find("acme/jwt").pk == published.pk

    @pytest.mark.parametrize("name", ["", "UPPER", "a/b", "x.svg", "x" * 101, "a..b"])
    def test_keeps_to_the_grammar(self, owner: Actor, published: Extension, name: str) -> None:
        with pytest.raises(NameInvalidError):
            rename_extension(actor=owner, extension=published, name=name)

    def test_is_for_owners(
        self, owner: Actor, bob: Actor, mallory: Actor, published: Extension
    ) -> None:
        for actor in (bob, mallory):
            with pytest.raises(NotAllowedError):
                rename_extension(actor=actor, extension=published, name="mine")
            with pytest.raises(NotAllowedError):
                transfer_extension(actor=actor, extension=published, namespace=actor.name)
        Extension.objects.update(visibility="private")
        published.refresh_from_db()
        with pytest.raises(NotFoundError):
            rename_extension(actor=mallory, extension=published, name="mine")

        assert Alias.objects.count() == 0

    def test_of_what_was_moved_meanwhile_is_refused(
        self, owner: Actor, published: Extension
    ) -> None:
        rename_extension(actor=owner, extension=Extension.objects.get(), name="first")

        with pytest.raises(ConflictError, match="became acme/first"):
            rename_extension(actor=owner, extension=published, name="second")

    def test_is_followed_by_the_search(
        self, transactional_db: None, owner: Actor, published: Extension
    ) -> None:
        follower = Follower()
        follower.step()
        rename_extension(actor=owner, extension=published, name="checker")
        follower.step()

        def found(text: str) -> list[int]:
            return search(actor=ANONYMOUS, request=SearchRequest(text=text)).ids

        assert (found("checker"), found("jwt")) == ([published.pk], [])


class TestATransfer:
    def test_gives_the_old_name_the_new_ones_permissions(
        self, owner: Actor, bob: Actor, mallory: Actor, extension: Extension
    ) -> None:
        release(owner, extension, "one", "1.0.0")
        Extension.objects.update(visibility="private")
        extension.refresh_from_db()

        transfer_extension(actor=owner, extension=extension, namespace="acme")

        assert str(find("alice/jwt", bob)) == "acme/jwt"
        assert str(find("acme/jwt", bob)) == "acme/jwt"
        assert str(open_extension(actor=bob, namespace="alice", name="jwt")) == "acme/jwt"
        for actor in (mallory, ANONYMOUS):
            with pytest.raises(NotFoundError):
                find("alice/jwt", actor)
            with pytest.raises(NotFoundError):
                open_extension(actor=actor, namespace="alice", name="jwt")

    def test_leaves_nothing_to_who_is_no_member_there_any_more(
        self, owner: Actor, bob: Actor, extension: Extension
    ) -> None:
        release(owner, extension, "one", "1.0.0")
        transfer_extension(actor=owner, extension=extension, namespace="acme")
        acme = Organization.objects.get()
        set_member(actor=owner, organization=acme, username="bob", role=Role.OWNER)
        owner_bob = actor_for(User.objects.get(username="bob"))
        set_member(actor=owner_bob, organization=acme, username="alice", role=Role.MEMBER)
        acme.memberships.filter(user__username="alice").delete()
        alice = actor_for(User.objects.get(username="alice"))

        with pytest.raises(NameTakenError):
            open_extension(actor=alice, namespace="alice", name="jwt")
        with pytest.raises(NotAllowedError):
            transfer_extension(actor=alice, extension=find("alice/jwt", alice), namespace="alice")

        assert Extension.objects.count() == 1

    def test_needs_an_owner_on_both_sides(
        self, owner: Actor, bob: Actor, mallory: Actor, published: Extension
    ) -> None:
        mine = open_extension(actor=bob, namespace="bob", name="mine")
        release(bob, mine, "one", "1.0.0")

        with pytest.raises(NotAllowedError):
            transfer_extension(actor=bob, extension=mine, namespace="acme")
        with pytest.raises(NotFoundError):
            transfer_extension(actor=bob, extension=mine, namespace="mallory")
        with pytest.raises(NotFoundError):
            transfer_extension(actor=owner, extension=published, namespace="nobody")
        with pytest.raises(NotFoundError):
            transfer_extension(actor=owner, extension=published, namespace="../x")

        assert Alias.objects.count() == 0

    def test_there_and_back_and_to_a_third(self, owner: Actor, published: Extension) -> None:
        create_organization(actor=owner, name="third")
        owner = actor_for(User.objects.get(username="alice"))
        for namespace in ("alice", "acme", "third"):
            published = transfer_extension(actor=owner, extension=published, namespace=namespace)

        assert str(published) == "third/jwt"
        assert {str(find(f"{each}/jwt")) for each in ("alice", "acme", "third")} == {"third/jwt"}

    def test_is_refused_where_the_name_is_taken_or_was(
        self, owner: Actor, published: Extension, extension: Extension
    ) -> None:
        with pytest.raises(NameTakenError):
            transfer_extension(actor=owner, extension=published, namespace="alice")
        release(owner, extension, "one", "1.0.0")
        renamed = rename_extension(
            actor=owner, extension=Extension.objects.get(pk=extension.pk), name="old"
        )
        with pytest.raises(NameTakenError):
            transfer_extension(actor=owner, extension=published, namespace="alice")

        delete_extension(actor=owner, extension=renamed)
        moved = transfer_extension(actor=owner, extension=published, namespace="alice")

        assert str(moved) == "alice/jwt"

    def test_counts_as_one_more_there(self, owner: Actor, extension: Extension) -> None:
        edit_rules(actor=owner, namespace="acme", changes={"quota_extensions": 0})
        with pytest.raises(HubError) as refusal:
            transfer_extension(actor=owner, extension=extension, namespace="acme")

        assert refusal.value.code == "quota-exceeded"


def test_the_old_names_of_a_deleted_extension_are_retired_too(
    owner: Actor, bob: Actor, extension: Extension
) -> None:
    release(owner, extension, "one", "1.0.0", Verdict.FAILED)
    moved = transfer_extension(actor=owner, extension=extension, namespace="acme")

    delete_extension(actor=owner, extension=moved)

    assert find_extension("alice", "jwt") is None
    assert sorted(map(str, Alias.objects.filter(extension=None))) == ["acme/jwt", "alice/jwt"]
    with pytest.raises(NotAllowedError):
        open_extension(actor=bob, namespace="acme", name="jwt")
    assert str(open_extension(actor=owner, namespace="alice", name="jwt")) == "alice/jwt"
