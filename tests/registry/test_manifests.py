"""Manifests: what is accepted, under which names, and what comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from catalog.models import Extension, Manifest, Release, Tag, Verdict
from core.models import AuditEvent, Job
from registry.models import ManifestBlob
from tests.registry.driving import (
    DATABASE,
    OCI_INDEX,
    OCI_MANIFEST,
    Client,
    code_of,
    image,
    judge,
    publish,
    sha256,
)

pytestmark = DATABASE

REPOSITORY = "/v2/acme/jwt"


def index_of(*children: bytes, **more: Any) -> bytes:
    descriptors = [
        {"mediaType": OCI_MANIFEST, "digest": sha256(child), "size": len(child)}
        for child in children
    ]
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": descriptors, **more}
    return json.dumps(document).encode()


class TestAPush:
    def test_by_tag_comes_back_byte_for_byte(self, registry: Client) -> None:
        packed = image()
        registry.push("acme/jwt", "1.0.0", packed)

        answer = registry.push_manifest("acme/jwt", "1.0.0", packed.manifest)

        assert answer.status_code == 201
        assert answer.headers["docker-content-digest"] == str(packed.manifest_digest)
        for path in (answer.headers["location"], f"{REPOSITORY}/manifests/1.0.0"):
            got, headed = registry("GET", path), registry("HEAD", path)
            assert got.content == packed.manifest
            assert headed.content == b""
            assert dict(got.headers) == dict(headed.headers)
            assert got.headers["content-type"] == OCI_MANIFEST
            assert got.headers["content-length"] == str(len(packed.manifest))
            assert got.headers["docker-content-digest"] == str(packed.manifest_digest)

    def test_writes_everything_at_once(self, registry: Client, calls: list[int]) -> None:
        packed = registry.push("acme/jwt", "1.0.0")

        extension = Extension.objects.get()
        manifest = Manifest.objects.get()
        job = Job.objects.get()
        assert (extension.visibility, extension.pushed is not None) == ("private", True)
        assert manifest.verdict == Verdict.PENDING
        assert Release.objects.get().manifest == manifest
        assert {named.link.digest for named in ManifestBlob.objects.all()} == {
            str(packed.config.digest),
            str(packed.layer.digest),
        }
        assert (job.task, job.arguments) == ("validate-manifest", {"manifest_id": manifest.pk})
        assert calls == [job.pk]
        assert AuditEvent.objects.filter(action="manifest.pushed").count() == 1

    def test_twice_changes_nothing(self, registry: Client) -> None:
        packed = registry.push("acme/jwt", "1.0.0")

        registry.push("acme/jwt", "1.0.0", packed)

        assert Manifest.objects.count() == 1
        assert ManifestBlob.objects.count() == 2
        assert AuditEvent.objects.filter(action="manifest.pushed").count() == 1

    def test_fills_the_page_from_the_annotations_once_it_passed(self, registry: Client) -> None:
        annotations = {
            "org.opencontainers.image.title": "JWT",
            "org.opencontainers.image.description": "Checks tokens.",
        }

        packed = image(**annotations)
        registry.push("acme/jwt", "1.0.0", packed)
        assert Extension.objects.get().title == ""
        judge(packed, Verdict.PASSED)

        extension = Extension.objects.get()
        assert (extension.title, extension.description) == ("JWT", "Checks tokens.")

    def test_by_digest_needs_no_tag(self, registry: Client) -> None:
        packed = image()
        registry.push("acme/jwt", str(packed.manifest_digest), packed)

        assert registry("GET", f"{REPOSITORY}/tags/list").json()["tags"] == []
        assert registry("GET", f"{REPOSITORY}/manifests/{packed.manifest_digest}").is_success

    def test_of_almost_4_mib_is_fine_and_more_is_not(self, registry: Client) -> None:
        fits = image(**{f"a{n}": "x" * 10_000 for n in range(390)})
        registry.push("acme/jwt", "1.0.0", fits)

        answer = registry.push_manifest("acme/jwt", "1.0.1", b"x" * (4 * 1024 * 1024 + 1))

        assert len(fits.manifest) > 3_900_000
        assert (answer.status_code, code_of(answer)) == (413, "SIZE_INVALID")


class TestARelease:
    def test_that_passed_never_changes(self, registry: Client) -> None:
        first = registry.push("acme/jwt", "1.0.0")
        judge(first, Verdict.PASSED)
        other = image()
        registry.push("acme/jwt", "other", other)

        answers = [
            registry.push_manifest("acme/jwt", tag, other.manifest) for tag in ("1.0.0", "v1.0.0")
        ]
        again = registry.push_manifest("acme/jwt", "v1.0.0", first.manifest)

        assert {(each.status_code, code_of(each)) for each in answers} == {(403, "DENIED")}
        assert again.status_code == 201
        assert registry("GET", f"{REPOSITORY}/manifests/1.0.0").content == first.manifest

    def test_that_failed_may_be_replaced(self, registry: Client) -> None:
        judge(registry.push("acme/jwt", "1.0.0"), Verdict.FAILED)

        second = registry.push("acme/jwt", "1.0.0")

        assert registry("GET", f"{REPOSITORY}/manifests/1.0.0").content == second.manifest


class TestAMovingTag:
    def test_gives_readers_what_passed_last(self, registry: Client) -> None:
        good = registry.push("acme/jwt", "edge")
        judge(good, Verdict.PASSED)
        publish("acme/jwt")
        bad = registry.push("acme/jwt", "edge")

        for verdict in (None, Verdict.FAILED):
            if verdict:
                judge(bad, verdict)
            mine = registry("GET", f"{REPOSITORY}/manifests/edge")
            theirs = registry("GET", f"{REPOSITORY}/manifests/edge", who=None)
            assert (mine.content, theirs.content) == (bad.manifest, good.manifest)
        assert Tag.objects.count() == 1

    def test_that_nothing_passed_under_is_unknown_to_readers(self, registry: Client) -> None:
        judge(registry.push("acme/jwt", "1.0.0"), Verdict.PASSED)
        packed = registry.push("acme/jwt", "edge")
        publish("acme/jwt")

        answers = [
            registry("GET", f"{REPOSITORY}/manifests/{reference}", who="mallory")
            for reference in ("edge", packed.manifest_digest)
        ]

        assert {(a.status_code, code_of(a)) for a in answers} == {(404, "MANIFEST_UNKNOWN")}


class TestRefused:
    @pytest.mark.parametrize("tag", ["canonical-1.0.0", "cncf-1.0.0-rc.1"])
    def test_is_a_tag_that_names_what_the_hub_converted(self, registry: Client, tag: str) -> None:
        packed = registry.push("acme/jwt", "1.0.0")

        answer = registry.push_manifest("acme/jwt", tag, packed.manifest)

        assert (answer.status_code, code_of(answer)) == (403, "DENIED")
        assert not Tag.objects.exists()

    @pytest.mark.parametrize(
        ("content", "media_type"),
        [
            (b"", OCI_MANIFEST),
            (b"not json", OCI_MANIFEST),
            (b"[]", OCI_MANIFEST),
            (b'{"schemaVersion": 1}', OCI_MANIFEST),
            (index_of(), OCI_MANIFEST),
            (index_of(layers=[]), OCI_INDEX),
            (index_of()[:-1] + b', "manifests": []}', OCI_INDEX),
            (index_of(), "text/html"),
        ],
    )
    def test_when_malformed_or_two_kinds_at_once(
        self, registry: Client, content: bytes, media_type: str
    ) -> None:
        answer = registry.push_manifest("acme/jwt", "edge", content, media_type=media_type)

        assert (answer.status_code, code_of(answer)) == (400, "MANIFEST_INVALID")
        assert not Manifest.objects.exists()
        assert not Extension.objects.exists()

    def test_while_a_blob_is_missing(self, registry: Client) -> None:
        packed = image()
        registry.push_blob("acme/jwt", packed.config.data)
        registry.push_blob("acme/other", packed.layer.data)

        answer = registry.push_manifest("acme/jwt", "1.0.0", packed.manifest)

        assert (answer.status_code, code_of(answer)) == (404, "MANIFEST_BLOB_UNKNOWN")
        assert str(packed.layer.digest) in answer.text
        assert registry("GET", f"{REPOSITORY}/manifests/1.0.0").status_code == 404
        assert not Manifest.objects.exists()

    def test_when_a_blob_has_another_size(self, registry: Client) -> None:
        packed = image()
        registry.push_blob("acme/jwt", packed.config.data)
        registry.push_blob("acme/jwt", packed.layer.data)
        size = f'"size":{len(packed.layer.data)}'.encode()

        answer = registry.push_manifest(
            "acme/jwt", "1.0.0", packed.manifest.replace(size, b'"size":1')
        )

        assert (answer.status_code, code_of(answer)) == (400, "SIZE_INVALID")

    @pytest.mark.parametrize(
        "reference", ["sha256:baddigeststring", "sha256:" + "0" * 64, "sha512:" + "0" * 128]
    )
    def test_under_a_digest_that_is_not_theirs(self, registry: Client, reference: str) -> None:
        packed = registry.push("acme/jwt", "1.0.0")

        answer = registry.push_manifest("acme/jwt", reference, packed.manifest)

        assert (answer.status_code, code_of(answer)) == (400, "DIGEST_INVALID")

    @pytest.mark.parametrize("tag", ["-x", ".x", "a b", "x" * 129, "%C3%A9"])
    def test_under_a_tag_that_is_none(self, registry: Client, tag: str) -> None:
        packed = registry.push("acme/jwt", "1.0.0")

        answer = registry.push_manifest("acme/jwt", tag, packed.manifest)

        assert (answer.status_code, code_of(answer)) == (400, "MANIFEST_INVALID")


@pytest.mark.parametrize("reference", ["nope", "9.9.9", "sha256:" + "0" * 64, "sha256:x", "%00"])
def test_what_is_not_there_is_unknown(registry: Client, reference: str) -> None:
    registry.push("acme/jwt", "1.0.0")

    answer = registry("GET", f"{REPOSITORY}/manifests/{reference}")

    assert (answer.status_code, code_of(answer)) == (404, "MANIFEST_UNKNOWN")


class TestAnIndex:
    def test_is_judged_when_a_child_is(self, registry: Client) -> None:
        child = registry.push("acme/jwt", "1.0.0")

        answer = registry.push_manifest(
            "acme/jwt", "all", index_of(child.manifest), media_type=OCI_INDEX
        )

        assert answer.status_code == 201
        assert registry("GET", f"{REPOSITORY}/manifests/all").headers["content-type"] == OCI_INDEX
        assert set(Manifest.objects.values_list("verdict", flat=True)) == {"pending"}
        assert Job.objects.count() == 2

    def test_of_nothing_has_no_verdict(self, registry: Client) -> None:
        answer = registry.push_manifest("acme/jwt", "empty", index_of(), media_type=OCI_INDEX)

        assert answer.status_code == 201
        assert Manifest.objects.get().verdict is None
        assert not Job.objects.exists()

    def test_needs_its_children_first(self, registry: Client) -> None:
        content = index_of(image().manifest)

        answer = registry.push_manifest("acme/jwt", "all", content, media_type=OCI_INDEX)

        assert (answer.status_code, code_of(answer)) == (404, "MANIFEST_BLOB_UNKNOWN")


class TestContentWithoutAModule:
    def artifact(self, registry: Client, **more: Any) -> bytes:
        registry.push_blob("acme/jwt", b"{}")
        empty = {
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": sha256(b"{}"),
            "size": 2,
        }
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": "application/vnd.example",
            "config": empty,
            "layers": [empty],
            **more,
        }
        return json.dumps(document).encode()

    def test_has_no_verdict_and_no_job_and_leaves_the_page_alone(self, registry: Client) -> None:
        annotations = {"org.opencontainers.image.title": "a signature"}
        content = self.artifact(registry, annotations=annotations)

        registry.push_manifest("acme/jwt", "artifact", content)
        publish("acme/jwt")

        assert Manifest.objects.get().verdict is None
        assert not Job.objects.exists()
        assert Extension.objects.get().title == ""
        assert registry("GET", f"{REPOSITORY}/manifests/artifact").content == content
        refused = registry("GET", f"{REPOSITORY}/manifests/artifact", who="mallory")
        assert refused.status_code == 404

    def test_may_have_a_subject_that_is_not_here(self, registry: Client) -> None:
        subject = {"mediaType": OCI_MANIFEST, "digest": "sha256:" + "1" * 64, "size": 5}
        content = self.artifact(registry, subject=subject)

        answer = registry.push_manifest("acme/jwt", "artifact", content)

        assert answer.status_code == 201
        assert answer.headers["oci-subject"] == "sha256:" + "1" * 64

    def test_may_have_layers_that_lie_elsewhere(self, registry: Client) -> None:
        layer = {
            "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar",
            "digest": "sha256:" + "2" * 64,
            "size": 5,
            "urls": ["https://example.com/layer"],
        }
        content = self.artifact(registry, layers=[layer])

        assert registry.push_manifest("acme/jwt", "artifact", content).status_code == 201
