"""Delete over /v2/: tags, manifests and blobs; what others may rely on stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership
from catalog.models import ManifestPull, Release, Verdict
from core.policy import Role
from registry.counting import pulls
from tests.registry.driving import DATABASE, Client, code_of, judge, publish
from wasmhub.oci import PackedImage

pytestmark = DATABASE

HERE = "/v2/acme/jwt"


@pytest.fixture
def passed(registry: Client) -> PackedImage:
    """Push a release that everybody may read."""
    packed = registry.push("acme/jwt", "1.0.0")
    judge(packed, Verdict.PASSED)
    publish("acme/jwt")
    return packed


def delete(registry: Client, path: str, *, who: str = "alice") -> tuple[int, str]:
    answer = registry("DELETE", f"{HERE}/{path}", who=who)
    return answer.status_code, code_of(answer) if answer.status_code >= 400 else ""


def test_a_tag_goes_and_its_manifest_stays(registry: Client, passed: PackedImage) -> None:
    registry.push_manifest("acme/jwt", "edge", passed.manifest)

    assert delete(registry, "manifests/edge") == (202, "")

    assert registry("GET", f"{HERE}/manifests/edge").status_code == 404
    assert registry("GET", f"{HERE}/manifests/{passed.manifest_digest}").status_code == 200


def test_a_manifest_goes_with_all_its_tags_and_then_its_blobs(registry: Client) -> None:
    packed = registry.push("acme/jwt", "1.0.0")
    registry.push_manifest("acme/jwt", "edge", packed.manifest)
    blob = f"blobs/{packed.layer.digest}"

    named = delete(registry, blob)
    gone = delete(registry, f"manifests/{packed.manifest_digest}")

    assert named == (403, "DENIED")
    assert gone == (202, "")
    for reference in ("1.0.0", "edge", packed.manifest_digest):
        assert registry("GET", f"{HERE}/manifests/{reference}").status_code == 404
    assert delete(registry, blob) == (202, "")
    assert registry("HEAD", f"{HERE}/{blob}").status_code == 404


def test_what_is_not_there_cannot_be_deleted(registry: Client, passed: PackedImage) -> None:
    digest = "sha256:" + "0" * 64

    assert delete(registry, "manifests/2.0.0") == (404, "MANIFEST_UNKNOWN")
    assert delete(registry, f"manifests/{digest}") == (404, "MANIFEST_UNKNOWN")
    assert delete(registry, "manifests/-x") == (404, "MANIFEST_UNKNOWN")
    assert delete(registry, f"blobs/{digest}") == (404, "BLOB_UNKNOWN")
    assert delete(registry, "blobs/sha256:x") == (400, "DIGEST_INVALID")


@pytest.mark.parametrize("reference", ["1.0.0", "digest"])
class TestAReleaseThatPassed:
    """By tag and by digest alike."""

    def try_to(
        self, registry: Client, passed: PackedImage, reference: str, *, who: str = "alice"
    ) -> tuple[int, str]:
        name = str(passed.manifest_digest) if reference == "digest" else reference
        return delete(registry, f"manifests/{name}", who=who)

    def test_goes_by_an_owners_hand(
        self, registry: Client, passed: PackedImage, reference: str
    ) -> None:
        by_a_member = self.try_to(registry, passed, reference, who="bob")
        by_a_stranger = self.try_to(registry, passed, reference, who="mallory")

        assert by_a_member == (403, "DENIED")
        assert by_a_stranger == (403, "DENIED")
        assert self.try_to(registry, passed, reference) == (202, "")

    def test_stays_after_72_hours(
        self, registry: Client, passed: PackedImage, reference: str
    ) -> None:
        Release.objects.update(passed=timezone.now() - timedelta(hours=73))

        assert self.try_to(registry, passed, reference) == (403, "DENIED")
        assert registry("GET", f"{HERE}/manifests/1.0.0").status_code == 200

    def test_stays_once_somebody_else_pulled_it(
        self, registry: Client, passed: PackedImage, reference: str
    ) -> None:
        registry("GET", f"{HERE}/manifests/1.0.0", who="mallory")
        pulls.flush()

        assert ManifestPull.objects.count() == 1
        assert self.try_to(registry, passed, reference) == (403, "DENIED")

    def test_stays_when_the_right_was_taken_away_a_moment_ago(
        self, registry: Client, passed: PackedImage, reference: str
    ) -> None:
        registry("GET", f"{HERE}/manifests/1.0.0")
        Membership.objects.filter(user__username="alice").update(role=Role.MEMBER)

        assert self.try_to(registry, passed, reference) == (403, "DENIED")
