"""Lists for clients of registries: what is on offer, in a number of queries that does not grow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.services import create_user
from catalog.models import Extension, Manifest, Release, Tag, Verdict
from catalog.selectors import repositories
from catalog.selectors.repositories import (
    found_repositories,
    offered_tags,
    projects,
    repository_names,
)
from core.actor import ANONYMOUS, Actor

pytestmark = pytest.mark.django_db

Judge = Callable[[Manifest, Verdict], None]
Push = Callable[..., Manifest]


def offer(extension: Extension, push: Push, judge: Judge, *tags: str) -> None:
    for tag in tags:
        judge(push(tag, tag), Verdict.PASSED)


def more_of_everything(like: Extension, copies: int) -> None:
    """Copy what is offered into namespaces, extensions, releases and tags of others."""
    manifest = like.manifests.filter(verdict=Verdict.PASSED)[0]
    for number in range(copies):
        user = create_user(username=f"u{number}", email=f"u{number}@a.example", password="x" * 12)
        extension = Extension.objects.create(
            namespace=user.namespace,
            name="jwt",
            visibility="public",
            pushed=like.pushed,
            listed=like.listed,
        )
        copy = Manifest.objects.get(pk=manifest.pk)
        copy.pk, copy.extension = None, extension
        copy.save()
        for minor in range(copies):
            version = f"1.{minor}.0"
            Release.objects.create(extension=extension, version=version, tag=version, manifest=copy)
            Tag.objects.create(extension=extension, name=f"t{minor}", pushed=copy, served=copy)


def read_everything(actor: Actor) -> int:
    """Ask for every list once and return how many queries that took, without the number of rows."""
    extension = Extension.objects.select_related("namespace").latest("pk")
    ids = list(Extension.objects.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as queries:
        assert projects(actor=actor)
        assert repository_names(actor=actor, project_id=extension.namespace_id)
        assert found_repositories(actor=actor, ids=ids)
        assert offered_tags(extension=extension)
    return len(queries)


def test_more_rows_take_no_more_queries(
    extension: Extension, push: Push, judge: Judge, alice: Actor
) -> None:
    offer(extension, push, judge, "1.0.0", "edge")
    few = read_everything(ANONYMOUS)

    more_of_everything(Extension.objects.get(pk=extension.pk), 4)

    assert few == 8
    assert read_everything(ANONYMOUS) == few
    assert read_everything(alice) == few
    assert len(projects(actor=ANONYMOUS)) == 5


def test_the_lists_end(
    extension: Extension, push: Push, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(extension, push, judge, "1.0.0", "1.1.0", "1.2.0", "a", "b", "c")
    more_of_everything(Extension.objects.get(pk=extension.pk), 3)
    monkeypatch.setattr(repositories, "MOST", 2)

    # Of too many releases the newest are kept.
    assert [row.name for row in offered_tags(extension=extension)] == ["1.2.0", "1.1.0", "a", "b"]
    assert len(projects(actor=ANONYMOUS)) == 2


def test_what_was_yanked_or_did_not_pass_is_not_offered(
    extension: Extension, push: Push, judge: Judge, alice: Actor
) -> None:
    offer(extension, push, judge, "1.0.0")
    judge(push("bad", "2.0.0"), Verdict.FAILED)
    push("pending", "3.0.0")
    push("also pending", "edge")

    before = [row.name for row in offered_tags(extension=extension)]
    Release.objects.filter(version="1.0.0").update(yanked="It crashes.")

    assert before == ["1.0.0"]
    assert offered_tags(extension=extension) == []
    for actor in (ANONYMOUS, alice):
        assert projects(actor=actor) == []
        assert repository_names(actor=actor, project_id=extension.namespace_id) == []


def test_a_moving_tag_offers_what_readers_get(
    extension: Extension, push: Push, judge: Judge
) -> None:
    served = push("good", "edge")
    judge(served, Verdict.PASSED)
    judge(push("bad", "edge"), Verdict.FAILED)

    (tag,) = offered_tags(extension=extension)

    assert (tag.name, tag.digest, tag.is_release) == ("edge", served.digest, False)


def test_the_order_of_a_search_is_kept_and_the_hidden_left_out(
    extension: Extension, push: Push, judge: Judge, alice: Actor, mallory: Actor
) -> None:
    offer(extension, push, judge, "1.0.0")
    more_of_everything(Extension.objects.get(pk=extension.pk), 2)
    first, second, third = Extension.objects.order_by("pk")
    Extension.objects.filter(pk=first.pk).update(visibility="private")
    ids = [third.pk, first.pk, second.pk, 10**9]

    def found(actor: Actor) -> list[str]:
        return [row.name for row in found_repositories(actor=actor, ids=ids)]

    assert found(mallory) == ["u1/jwt", "u0/jwt"]
    assert found(alice) == ["u1/jwt", "alice/jwt", "u0/jwt"]
