"""Delete: what others may rely on stays; what nobody can rely on goes whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.actors import actor_by_access_token
from accounts.services import create_access_token
from catalog.models import Alias, Extension, Manifest, Release, Tag, Verdict
from catalog.selectors import get_extension, get_release, resolve_manifest
from catalog.services import (
    delete_extension,
    delete_manifest,
    delete_release,
    delete_tag,
    edit_rules,
    open_extension,
)
from core.actor import ANONYMOUS, Actor
from core.errors import ConflictError, HubError, NotAllowedError, NotFoundError, NotSignedInError
from core.models import AuditEvent
from tests.catalog.conftest import age, pull, release

pytestmark = pytest.mark.django_db

PASSED, FAILED, PENDING = Verdict.PASSED, Verdict.FAILED, Verdict.PENDING


def code_of(error: pytest.ExceptionInfo[HubError]) -> str:
    return error.value.code


class TestAReleaseThatPassed:
    def test_goes_whole_by_an_owner_before_others_pull_it(
        self, owner: Actor, bob: Actor, shared: Extension
    ) -> None:
        manifest = release(owner, shared, "one", "v1.0.0")
        pull(manifest, owner)
        pull(manifest, bob)
        age(shared, 71.9)

        delete_release(actor=owner, extension=shared, version="1.0.0")

        assert not Release.objects.exists()
        assert not Manifest.objects.exists()
        assert AuditEvent.objects.filter(action="release.deleted").get().detail == {
            "version": "1.0.0",
            "digest": manifest.digest,
        }
        assert AuditEvent.objects.filter(action="manifest.deleted").count() == 1

    @pytest.mark.parametrize("version", ["1.0.0", "v1.0.0"])
    def test_stays_after_72_hours(self, owner: Actor, shared: Extension, version: str) -> None:
        release(owner, shared, "one", "1.0.0")
        age(shared, 72.1)

        with pytest.raises(NotAllowedError, match=r"72 hours.*Yank") as refusal:
            delete_release(actor=owner, extension=shared, version=version)

        assert code_of(refusal) == "release-kept"
        assert Release.objects.count() == 1

    @pytest.mark.parametrize("who", [None, "mallory"])
    def test_stays_once_somebody_else_pulled_it(
        self, owner: Actor, mallory: Actor, shared: Extension, who: str | None
    ) -> None:
        manifest = release(owner, shared, "one", "1.0.0")
        pull(manifest, mallory if who else None)

        acts: list[Callable[[], None]] = [
            lambda: delete_release(actor=owner, extension=shared, version="1.0.0"),
            lambda: delete_tag(actor=owner, extension=shared, name="v1.0.0"),
            lambda: delete_manifest(actor=owner, extension=shared, digest=manifest.digest),
            lambda: delete_extension(actor=owner, extension=shared),
        ]
        for act in acts:
            with pytest.raises(NotAllowedError, match=r"1\.0\.0 was pulled by somebody") as refusal:
                act()
            assert code_of(refusal) == "release-kept"
        assert Release.objects.get().manifest == manifest

    def test_stays_once_somebody_else_pulled_what_a_proxy_gets_of_it(
        self, owner: Actor, shared: Extension
    ) -> None:
        child = release(owner, shared, "child", None)
        release(owner, shared, "index", "1.0.0", children=[child])
        pull(child)

        with pytest.raises(NotAllowedError, match="somebody else"):
            delete_release(actor=owner, extension=shared, version="1.0.0")

    def test_stays_for_members_who_are_no_owners(
        self, owner: Actor, bob: Actor, shared: Extension
    ) -> None:
        manifest = release(owner, shared, "one", "1.0.0")

        with pytest.raises(NotAllowedError, match="extension:delete"):
            delete_release(actor=bob, extension=shared, version="1.0.0")
        with pytest.raises(NotAllowedError, match="extension:delete"):
            delete_manifest(actor=bob, extension=shared, digest=manifest.digest)
        with pytest.raises(NotAllowedError, match="extension:delete"):
            delete_extension(actor=bob, extension=shared)

        assert Release.objects.count() == 1

    def test_stays_for_outsiders_who_learn_no_more_than_they_know(
        self, owner: Actor, mallory: Actor, shared: Extension
    ) -> None:
        release(owner, shared, "one", "1.0.0")

        with pytest.raises(NotAllowedError):
            delete_release(actor=mallory, extension=shared, version="1.0.0")
        with pytest.raises(NotSignedInError):
            delete_release(actor=ANONYMOUS, extension=shared, version="1.0.0")
        Extension.objects.update(visibility="private")
        with pytest.raises(NotFoundError):
            delete_release(actor=mallory, extension=shared, version="1.0.0")
        with pytest.raises(NotFoundError):
            delete_extension(actor=mallory, extension=shared)

    def test_stays_for_a_token_that_may_only_pull(self, owner: Actor, shared: Extension) -> None:
        release(owner, shared, "one", "1.0.0")
        _, secret = create_access_token(actor=owner, name="ci", scopes=["pull"])

        with pytest.raises(NotAllowedError):
            delete_release(actor=actor_by_access_token(secret), extension=shared, version="1.0.0")

    def test_stays_while_it_is_in_quarantine(self, owner: Actor, shared: Extension) -> None:
        manifest = release(owner, shared, "one", "1.0.0")
        release(owner, shared, "one", "edge")
        Manifest.objects.update(verdict=Verdict.QUARANTINED)

        with pytest.raises(NotAllowedError, match="quarantine"):
            delete_release(actor=owner, extension=shared, version="1.0.0")
        with pytest.raises(NotAllowedError, match="quarantine"):
            delete_manifest(actor=owner, extension=shared, digest=manifest.digest)
        with pytest.raises(NotAllowedError, match="quarantine"):
            delete_extension(actor=owner, extension=shared)

    def test_leaves_a_manifest_that_has_another_name(self, owner: Actor, shared: Extension) -> None:
        manifest = release(owner, shared, "one", "1.0.0")
        release(owner, shared, "one", "edge")

        delete_release(actor=owner, extension=shared, version="1.0.0")

        found = resolve_manifest(actor=ANONYMOUS, extension=shared, reference="edge")
        assert found == manifest

    def test_takes_the_children_that_nothing_else_names(
        self, owner: Actor, shared: Extension
    ) -> None:
        child = release(owner, shared, "child", None)
        other = release(owner, shared, "named", "edge")
        release(owner, shared, "index", "1.0.0", children=[child, other])

        delete_release(actor=owner, extension=shared, version="1.0.0")

        assert list(Manifest.objects.all()) == [other]

    def test_was_the_only_one_so_readers_see_the_extension_no_more(
        self, owner: Actor, shared: Extension
    ) -> None:
        release(owner, shared, "one", "1.0.0")
        assert get_extension(actor=ANONYMOUS, namespace="acme", name="jwt") == shared

        delete_release(actor=owner, extension=shared, version="1.0.0")

        with pytest.raises(NotFoundError):
            get_extension(actor=ANONYMOUS, namespace="acme", name="jwt")
        release(owner, shared, "two", "1.0.0")
        assert (
            get_release(
                actor=ANONYMOUS,
                extension=get_extension(actor=ANONYMOUS, namespace="acme", name="jwt"),
                version="1.0.0",
            ).verdict
            == "passed"
        )


class TestWhatNeverPassed:
    @pytest.mark.parametrize("verdict", [PENDING, FAILED])
    def test_goes_by_whoever_may_publish(
        self, owner: Actor, bob: Actor, shared: Extension, verdict: Verdict
    ) -> None:
        manifest = release(owner, shared, "one", "1.0.0", verdict)
        pull(manifest)

        delete_release(actor=bob, extension=shared, version="1.0.0")

        assert not Manifest.objects.exists()

    def test_goes_while_it_is_not_even_packed(self, bob: Actor, shared: Extension) -> None:
        Release.objects.create(extension=shared, version="1.0.0", tag="1.0.0")

        delete_release(actor=bob, extension=shared, version="1.0.0")

        assert not Release.objects.exists()

    def test_is_not_there_twice(self, owner: Actor, shared: Extension) -> None:
        acts: list[Callable[[], None]] = [
            lambda: delete_release(actor=owner, extension=shared, version="1.0.0"),
            lambda: delete_release(actor=owner, extension=shared, version="latest"),
            lambda: delete_tag(actor=owner, extension=shared, name="latest"),
            lambda: delete_manifest(actor=owner, extension=shared, digest="sha256:0"),
        ]
        for act in acts:
            with pytest.raises(NotFoundError):
                act()


class TestAMovingTag:
    def test_goes_and_leaves_its_manifest(
        self, owner: Actor, bob: Actor, shared: Extension
    ) -> None:
        manifest = release(owner, shared, "one", "edge")

        delete_tag(actor=bob, extension=shared, name="edge")

        assert not Tag.objects.exists()
        assert Manifest.objects.get() == manifest
        assert AuditEvent.objects.filter(action="tag.deleted").get().detail["tag"] == "edge"

    def test_falls_with_what_was_pushed_and_stays_with_what_was_served(
        self, owner: Actor, shared: Extension
    ) -> None:
        old = release(owner, shared, "old", "edge")
        release(owner, shared, "old", "stable")
        new = release(owner, shared, "new", "edge", PENDING)

        delete_manifest(actor=owner, extension=shared, digest=old.digest)

        tag = Tag.objects.get()
        assert (tag.name, tag.pushed, tag.served) == ("edge", new, None)


class TestAManifest:
    def test_that_an_index_names_stays(self, owner: Actor, shared: Extension) -> None:
        child = release(owner, shared, "child", None)
        index = release(owner, shared, "index", "edge", children=[child])

        with pytest.raises(ConflictError, match="index"):
            delete_manifest(actor=owner, extension=shared, digest=child.digest)
        delete_manifest(actor=owner, extension=shared, digest=index.digest)
        delete_manifest(actor=owner, extension=shared, digest=child.digest)

        assert not Manifest.objects.exists()

    def test_goes_with_what_only_speaks_of_it(self, owner: Actor, shared: Extension) -> None:
        manifest = release(owner, shared, "one", "1.0.0")
        signature = release(owner, shared, "signed", None, None, subject=manifest.digest)
        release(owner, shared, "about", None, None, subject=signature.digest)
        cosign = manifest.digest.replace(":", "-") + ".sig"
        release(owner, shared, "by cosign", cosign, None)
        named = release(owner, shared, "named", "report", None, subject=manifest.digest)

        delete_release(actor=owner, extension=shared, version="1.0.0")

        assert list(Manifest.objects.all()) == [named]
        assert list(Tag.objects.values_list("name", flat=True)) == ["report"]


class TestAnExtension:
    def test_goes_whole_and_its_name_is_for_owners_only(
        self, owner: Actor, bob: Actor, mallory: Actor, shared: Extension
    ) -> None:
        release(owner, shared, "one", "1.0.0")
        release(owner, shared, "two", "edge", PENDING)

        delete_extension(actor=owner, extension=shared)

        assert not Extension.objects.exists()
        assert not Manifest.objects.exists()
        assert Alias.objects.get().extension is None
        with pytest.raises(NotFoundError):
            open_extension(actor=mallory, namespace="acme", name="jwt")
        with pytest.raises(NotAllowedError, match="Only an owner"):
            open_extension(actor=bob, namespace="acme", name="jwt")
        again = open_extension(actor=owner, namespace="acme", name="jwt")
        assert again.visibility == "private"
        assert not Alias.objects.exists()
        assert open_extension(actor=bob, namespace="acme", name="jwt") == again

    def test_stays_while_others_may_rely_on_a_release(
        self, owner: Actor, shared: Extension
    ) -> None:
        release(owner, shared, "one", "1.0.0")
        release(owner, shared, "two", "1.1.0")
        age(shared, 100)
        release(owner, shared, "three", "1.2.0")

        with pytest.raises(NotAllowedError, match=r"acme/jwt 1\.0\.0.*1 more.*Yank") as refusal:
            delete_extension(actor=owner, extension=shared)

        assert refusal.value.detail["versions"] == ["1.0.0", "1.1.0"]
        assert Release.objects.count() == 3


def test_a_protected_tag_is_taken_away_by_owners_only(
    owner: Actor, bob: Actor, shared: Extension
) -> None:
    manifest = release(owner, shared, "one", "stable")
    release(owner, shared, "two", "v1.0.0", FAILED)
    edit_rules(actor=owner, namespace="acme", changes={"protected_tags": ["stab*", "v1.*"]})

    acts: list[Callable[[], None]] = [
        lambda: delete_tag(actor=bob, extension=shared, name="stable"),
        lambda: delete_manifest(actor=bob, extension=shared, digest=manifest.digest),
        lambda: delete_release(actor=bob, extension=shared, version="1.0.0"),
    ]
    for act in acts:
        with pytest.raises(NotAllowedError, match="Only an owner of acme"):
            act()
    delete_tag(actor=owner, extension=shared, name="stable")
    delete_release(actor=owner, extension=shared, version="1.0.0")

    assert not Tag.objects.exists()
