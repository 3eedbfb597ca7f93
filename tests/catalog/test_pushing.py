"""Releases, tags and verdicts: what a name gives to whom."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from catalog.models import Extension, Manifest, Release, Verdict
from catalog.selectors import get_release, resolve_manifest, tag_names
from catalog.services import open_extension
from core.actor import ANONYMOUS, Actor
from core.errors import NotAllowedError, NotFoundError, VersionExistsError
from core.models import AuditEvent
from tests.catalog.conftest import Push

pytestmark = pytest.mark.django_db

Judge = Callable[[Manifest, Verdict], None]
PASSED, FAILED = Verdict.PASSED, Verdict.FAILED


class TestReleases:
    def test_are_for_publishers_until_they_pass(
        self, push: Push, judge: Judge, extension: Extension, alice: Actor
    ) -> None:
        manifest = push("one", "1.0.0")

        def seen(actor: Actor) -> str:
            return get_release(actor=actor, extension=extension, version="1.0.0").verdict

        assert seen(alice) == "pending"
        with pytest.raises(NotFoundError):
            seen(ANONYMOUS)
        judge(manifest, PASSED)

        assert seen(ANONYMOUS) == "passed"

    def test_take_the_same_bytes_again_with_and_without_the_v(
        self, push: Push, extension: Extension
    ) -> None:
        first = push("one", "1.0.0")
        second = push("one", "v1.0.0")

        assert first == second
        assert extension.releases.count() == 1
        assert AuditEvent.objects.filter(action="manifest.pushed").count() == 1

    def test_that_passed_never_change(self, push: Push, judge: Judge, extension: Extension) -> None:
        first = push("one", "1.0.0")
        judge(first, PASSED)

        with pytest.raises(VersionExistsError, match=r"1\.0\.0"):
            push("two", "1.0.0")

        assert extension.releases.get().manifest == first

    def test_that_failed_may_be_replaced(
        self, push: Push, judge: Judge, extension: Extension
    ) -> None:
        judge(push("one", "1.0.0"), FAILED)

        second = push("two", "1.0.0")

        assert extension.releases.get().manifest == second

    def test_of_bytes_that_passed_under_another_name_are_passed_at_once(
        self, push: Push, judge: Judge, extension: Extension
    ) -> None:
        judge(push("one", "1.0.0"), PASSED)

        push("one", "1.0.1")

        with pytest.raises(VersionExistsError):
            push("two", "1.0.1")
        assert Release.objects.get(version="1.0.1").verdict == "passed"


class TestMovingTags:
    def test_keep_serving_what_passed_while_a_push_is_pending_or_failed(
        self, push: Push, judge: Judge, extension: Extension, alice: Actor
    ) -> None:
        good = push("good", "edge")
        judge(good, PASSED)
        bad = push("bad", "edge")

        def served(actor: Actor) -> Manifest:
            return resolve_manifest(actor=actor, extension=extension, reference="edge")

        assert served(ANONYMOUS) == good
        assert served(alice) == bad
        judge(bad, FAILED)
        assert served(ANONYMOUS) == good
        better = push("better", "edge")
        judge(better, PASSED)
        assert served(ANONYMOUS) == better

    def test_that_never_passed_do_not_exist_for_readers(
        self, push: Push, judge: Judge, extension: Extension, alice: Actor
    ) -> None:
        judge(push("bad", "edge"), FAILED)

        with pytest.raises(NotFoundError):
            resolve_manifest(actor=ANONYMOUS, extension=extension, reference="edge")

        assert tag_names(actor=ANONYMOUS, extension=extension) == []
        assert tag_names(actor=alice, extension=extension) == ["edge"]

    def test_latest_means_the_newest_passed_release_unless_it_was_pushed(
        self, push: Push, judge: Judge, extension: Extension
    ) -> None:
        def latest() -> str:
            found = resolve_manifest(actor=ANONYMOUS, extension=extension, reference="latest")
            return str(json.loads(bytes(found.content))["annotations"]["word"])

        judge(push("old", "1.9.0"), PASSED)
        judge(push("new", "1.10.0"), PASSED)
        judge(push("candidate", "2.0.0-rc.1"), PASSED)
        push("pending", "3.0.0")
        assert latest() == "new"
        judge(push("own", "latest"), PASSED)
        assert latest() == "own"


def test_a_digest_is_readable_only_once_it_passed(
    push: Push, judge: Judge, extension: Extension
) -> None:
    manifest = push("one", None)

    def read() -> Manifest:
        return resolve_manifest(actor=ANONYMOUS, extension=extension, reference=manifest.digest)

    with pytest.raises(NotFoundError):
        read()
    judge(manifest, PASSED)

    assert read() == manifest


def test_content_without_a_module_is_for_publishers(
    push: Push, extension: Extension, alice: Actor
) -> None:
    manifest = push("data", "data", has_module=False)

    assert manifest.verdict is None
    assert resolve_manifest(actor=alice, extension=extension, reference="data") == manifest
    with pytest.raises(NotFoundError):
        resolve_manifest(actor=ANONYMOUS, extension=extension, reference="data")


def test_a_stranger_cannot_push_to_what_they_can_read(
    push: Push, judge: Judge, mallory: Actor
) -> None:
    judge(push("one", "1.0.0"), PASSED)

    with pytest.raises(NotAllowedError):
        open_extension(actor=mallory, namespace="alice", name="jwt")
    with pytest.raises(NotFoundError):
        open_extension(actor=mallory, namespace="alice", name="other")

    assert Extension.objects.count() == 1
