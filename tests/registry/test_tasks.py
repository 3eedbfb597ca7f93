"""The packing job: from an uploaded module to a pending image."""

from __future__ import annotations

import hashlib
import io
import secrets

import pytest
from django.db import transaction

from accounts.models import User
from catalog.models import Manifest, Release, Verdict
from catalog.services import reserve_release
from core import jobs
from core.content import content_store
from core.models import AuditEvent, Job, JobState
from core.sweeper import _periodic
from registry import tasks
from registry.models import BlobLink, ManifestBlob
from tests.registry.driving import DATABASE, Client, actor, document
from wasmhub.oci import extract_module

pytestmark = DATABASE


@pytest.fixture
def module() -> bytes:
    return b"\0asm\x01\0\0\0\0\x09\x01a" + secrets.token_bytes(7)


def upload(module: bytes, version: str = "v1.0.0") -> Release:
    return reserve_release(
        actor=actor("bob"),
        namespace="acme",
        name="jwt",
        version=version,
        module=io.BytesIO(module),
        description="Checks tokens.",
    )


def run_packing() -> bool:
    return jobs.run(Job.objects.filter(task="pack-release").latest("pk").pk)


@pytest.mark.usefixtures("registry")
class TestPacking:
    def test_makes_the_canonical_image_and_asks_for_its_validation(self, module: bytes) -> None:
        release = upload(module)

        assert run_packing()

        release.refresh_from_db()
        manifest = release.manifest
        assert manifest is not None
        assert manifest.verdict == Verdict.PENDING
        assert Job.objects.get(task="validate-manifest").arguments == {"manifest_id": manifest.pk}
        assert document(bytes(manifest.content))["annotations"].items() >= {
            ("org.opencontainers.image.title", "jwt"),
            ("org.opencontainers.image.description", "Checks tokens."),
            ("org.opencontainers.image.version", "1.0.0"),
        }
        pushed = AuditEvent.objects.get(action="manifest.pushed")
        assert (pushed.actor, pushed.user) == ("bob", User.objects.get(username="bob"))

    def test_makes_an_image_that_can_be_pulled(self, registry: Client, module: bytes) -> None:
        upload(module)
        run_packing()

        manifest = registry("GET", "/v2/acme/jwt/manifests/v1.0.0").json()
        layer = registry("GET", f"/v2/acme/jwt/blobs/{manifest['layers'][0]['digest']}")
        config = registry("GET", f"/v2/acme/jwt/blobs/{manifest['config']['digest']}")

        assert extract_module(io.BytesIO(layer.content), "tar+gzip", 1000).data == module
        assert config.status_code == 200
        assert ManifestBlob.objects.count() == 2

    def test_a_second_time_changes_nothing(self, module: bytes) -> None:
        release = upload(module)
        first = tasks.pack_release(release_id=release.pk)
        second = tasks.pack_release(release_id=release.pk)
        assert first is not None
        assert second is not None

        for publish in (first, second):
            with transaction.atomic():  # as the end of a job calls it
                publish()

        assert Manifest.objects.count() == 1
        assert tasks.pack_release(release_id=release.pk) is None

    def test_of_bytes_that_were_replaced_meanwhile_leaves_no_trace(self, module: bytes) -> None:
        release = upload(module)
        late = tasks.pack_release(release_id=release.pk)
        assert late is not None
        upload(module + b"\0\x02\x01b")

        with transaction.atomic():
            late()

        assert not Manifest.objects.exists()
        assert not BlobLink.objects.exists()
        release.refresh_from_db()
        assert release.manifest is None

    def test_of_the_bytes_that_replaced_them_has_its_own_job(self, module: bytes) -> None:
        upload(module)
        Job.objects.update(state=JobState.RUNNING)

        release = upload(module + b"\0\x02\x01b")

        assert Job.objects.filter(state=JobState.QUEUED).count() == 1
        assert run_packing()
        release.refresh_from_db()
        assert release.manifest is not None

    def test_goes_on_as_the_hub_when_the_account_is_gone(self, module: bytes) -> None:
        upload(module)
        Release.objects.update(created_by=None)

        assert run_packing()

        assert AuditEvent.objects.get(action="manifest.pushed").actor == "the hub"

    def test_goes_on_when_the_right_to_publish_is_gone(self, module: bytes) -> None:
        upload(module)
        User.objects.get(username="bob").memberships.all().delete()

        assert run_packing()

        assert Manifest.objects.get().verdict == Verdict.PENDING

    def test_that_was_lost_three_times_is_the_hubs_fault(self, module: bytes) -> None:
        release = upload(module)
        content_store().delete(hashlib.sha256(module).hexdigest())

        results = [run_packing() for _ in range(4)]

        release.refresh_from_db()
        assert results == [False] * 4
        assert release.failure is not None
        assert release.failure["id"] == "hub/could-not-pack"
        assert set(release.failure) == {"id", "severity", "message", "where", "help"}
        assert release.verdict == Verdict.FAILED


def test_stale_uploads_are_forgotten_again_and_again() -> None:
    assert tasks.forget_stale_uploads in [entry.work for entry in _periodic]
