"""Referrers: who says something about a manifest, and who may know."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from catalog.models import Verdict
from registry import referrers
from tests.registry.driving import (
    DATABASE,
    OCI_INDEX,
    OCI_MANIFEST,
    Client,
    code_of,
    judge,
    publish,
    sha256,
)
from wasmhub.oci import sha256_of

pytestmark = DATABASE

EMPTY = b"{}"
SBOM = "application/vnd.example.sbom.v1+json"


def referrer(subject: str, *, artifact_type: str = SBOM, **annotations: str) -> bytes:
    """Make an artifact that says something about a digest."""
    config = {
        "mediaType": "application/vnd.oci.empty.v1+json",
        "digest": sha256(EMPTY),
        "size": len(EMPTY),
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": config,
        "layers": [config],
        "subject": {"mediaType": OCI_MANIFEST, "digest": subject, "size": 3},
        "annotations": annotations,
    }
    return json.dumps(manifest).encode()


def attach(registry: Client, subject: str, **more: Any) -> str:
    """Push a referrer and return its digest."""
    registry.push_blob("acme/public", EMPTY)
    content = referrer(subject, **more)
    answer = registry.push_manifest("acme/public", sha256(content), content)
    assert answer.status_code == 201
    assert answer.headers["oci-subject"] == subject
    return sha256(content)


def listed(registry: Client, subject: str, *, who: str | None = "alice", more: str = "") -> Any:
    answer = registry("GET", f"/v2/acme/public/referrers/{subject}{more}", who=who)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == OCI_INDEX
    return answer.json()["manifests"]


@pytest.fixture
def passed(registry: Client) -> str:
    """Return the digest of an image that everybody may read."""
    packed = registry.push("acme/public", "9.0.0")
    judge(packed, Verdict.PASSED)
    publish("acme/public")
    return str(packed.manifest_digest)


def test_a_referrer_is_listed_with_what_it_says(registry: Client, passed: str) -> None:
    digest = attach(registry, passed, note="first")

    (found,) = listed(registry, passed)

    assert found == {
        "mediaType": OCI_MANIFEST,
        "digest": digest,
        "size": len(referrer(passed, note="first")),
        "artifactType": SBOM,
        "annotations": {"note": "first"},
    }


def test_whoever_may_read_the_subject_may_read_what_is_said_about_it(
    registry: Client, passed: str
) -> None:
    sbom = attach(registry, passed)
    signature = attach(registry, sbom, artifact_type="application/vnd.example.signature")

    assert [each["digest"] for each in listed(registry, passed, who="mallory")] == [sbom]
    assert [each["digest"] for each in listed(registry, sbom, who=None)] == [signature]
    manifest = registry("GET", f"/v2/acme/public/manifests/{signature}", who=None)
    blob = registry("GET", f"/v2/acme/public/blobs/{sha256(EMPTY)}", who=None)
    assert (manifest.status_code, blob.status_code) == (200, 200)


def test_what_is_said_about_a_hidden_or_absent_subject_is_hidden(
    registry: Client, passed: str
) -> None:
    pending = str(registry.push("acme/public", "9.1.0").manifest_digest)
    absent = "sha256:" + "5" * 64
    hidden = [attach(registry, pending), attach(registry, absent)]

    for subject, digest in zip((pending, absent), hidden, strict=True):
        assert [each["digest"] for each in listed(registry, subject)] == [digest]
        assert listed(registry, subject, who="mallory") == []
        answer = registry("GET", f"/v2/acme/public/manifests/{digest}", who="mallory")
        assert (answer.status_code, code_of(answer)) == (404, "MANIFEST_UNKNOWN")


def test_a_long_chain_of_referrers_ends(registry: Client) -> None:
    chain = "sha256:" + "6" * 64
    for _ in range(12):
        chain = attach(registry, chain)

    answer = registry("GET", f"/v2/acme/public/manifests/{chain}", who="mallory")

    assert answer.status_code == 404


def test_a_filter_says_that_it_was_applied(registry: Client, passed: str) -> None:
    wanted = attach(registry, passed, artifact_type="application/x.wanted+json")
    attach(registry, passed)

    answer = registry(
        "GET", f"/v2/acme/public/referrers/{passed}?artifactType=application/x.wanted%2Bjson"
    )

    assert [each["digest"] for each in answer.json()["manifests"]] == [wanted]
    assert answer.headers["oci-filters-applied"] == "artifactType"


def test_pages_are_linked_and_lose_nothing(
    registry: Client, passed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(referrers, "MOST", 2)
    expected = {attach(registry, passed, number=str(number)) for number in range(5)}
    attach(registry, passed, artifact_type="application/other")
    path = f"/v2/acme/public/referrers/{passed}?artifactType={SBOM}".replace("+", "%2B")
    found: list[str] = []

    while path:
        answer = registry("GET", path)
        found += [each["digest"] for each in answer.json()["manifests"]]
        path = answer.headers.get("link", "").partition(">")[0].removeprefix("<")

    assert len(found) == 5
    assert set(found) == expected


def test_of_nothing_there_are_none(registry: Client) -> None:
    absent = "sha256:" + "7" * 64

    assert listed(registry, absent) == []
    fresh = registry("GET", f"/v2/acme/never-pushed/referrers/{absent}")
    assert (fresh.status_code, fresh.json()["manifests"]) == (200, [])
    stranger = registry("GET", f"/v2/acme/never-pushed/referrers/{absent}", who="mallory")
    assert (stranger.status_code, code_of(stranger)) == (404, "NAME_UNKNOWN")
    malformed = registry("GET", "/v2/acme/public/referrers/sha256:short")
    assert (malformed.status_code, code_of(malformed)) == (400, "DIGEST_INVALID")


def test_a_signature_by_cosigns_tag_is_for_whoever_gets_what_is_signed(
    registry: Client, passed: str
) -> None:
    registry.push_blob("acme/public", EMPTY)
    config = {"mediaType": "application/json", "digest": sha256(EMPTY), "size": len(EMPTY)}
    signature = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config,
        "layers": [config],
    }
    tag = passed.replace(":", "-") + ".sig"
    registry.push_manifest("acme/public", tag, json.dumps(signature).encode())
    registry.push_manifest(
        "acme/public", "notes", json.dumps(signature | {"annotations": {}}).encode()
    )

    answer = registry("GET", f"/v2/acme/public/manifests/{tag}", who=None)
    other = registry("GET", "/v2/acme/public/manifests/notes", who=None)
    tags = registry("GET", "/v2/acme/public/tags/list", who=None).json()["tags"]

    assert answer.status_code == 200
    assert other.status_code == 404
    assert tag in tags
    assert "notes" not in tags


def test_a_referrer_with_a_module_has_to_pass_itself(registry: Client, passed: str) -> None:
    packed = registry.push("acme/public", "9.5.0")
    about = json.loads(packed.manifest)
    about["subject"] = {"mediaType": OCI_MANIFEST, "digest": passed, "size": 3}
    content = json.dumps(about).encode()
    assert registry.push_manifest("acme/public", "9.5.1", content).status_code == 201
    refers = replace(packed, manifest=content, manifest_digest=sha256_of(content))

    judge(refers, Verdict.FAILED)
    failed = listed(registry, passed, who="mallory")
    judge(refers, Verdict.PASSED)

    assert failed == []
    assert [each["digest"] for each in listed(registry, passed, who="mallory")] == [sha256(content)]
