"""
Manifests of every group: push, name, list, read, refer, delete.

Reference: registry.md, "Manifest tests".
"""

from __future__ import annotations

import secrets

import pytest

from tests.conformance.groups import GROUPS, Group, Pushed, make
from tests.conformance.wire import ALGORITHMS, Repo, digest_of
from tests.registry.driving import OCI_INDEX, OCI_MANIFEST, code_of

CASES = [*((name, "sha256") for name in GROUPS), ("image", "sha512")]


def push(repo: Repo, group: Group) -> Pushed:
    """Push everything of a group by digest and return its last manifest."""
    repo.push_blobs(group.blobs, group.algorithm)
    for manifest in group.manifests:
        answer = repo.put_manifest(manifest.digest, manifest.content, manifest.media_type)
        assert answer.status_code == 201, answer.text
    return group.manifests[-1]


def assert_reads(repo: Repo, target: str, pushed: Pushed, digest: str) -> None:
    """Test that GET and HEAD give exactly the manifest, and say the same of it."""
    got, headed = repo("GET", target), repo("HEAD", target)
    assert (got.status_code, headed.status_code) == (200, 200)
    assert (got.content, headed.content) == (pushed.content, b"")
    for answer in (got, headed):
        assert answer.headers["content-type"] == pushed.media_type
        assert answer.headers["content-length"] == str(len(pushed.content))
        assert answer.headers["docker-content-digest"] == digest


@pytest.mark.parametrize(("name", "algorithm"), CASES)
def test_a_group_is_pushed_by_digest_and_by_tag_read_listed_and_deleted(
    repo: Repo, name: str, algorithm: str
) -> None:
    group, tag = make(name, algorithm), secrets.token_hex(4)

    push_and_read(repo, group)
    last = group.manifests[-1]
    tagged = repo.put_manifest(tag, last.content, last.media_type)

    assert tagged.status_code == 201
    assert tagged.headers.get("oci-subject") == last.subject
    # A tag says nothing of an algorithm; the registry answers with its own.
    named = digest_of(last.content)
    assert_reads(repo, tagged.headers["location"], last, named)
    assert_reads(repo, f"manifests/{tag}", last, named)
    assert tag in repo("GET", "tags/list").json()["tags"]
    # The tag first, then the manifests in reverse; each is gone at once.
    own = {named} - {each.digest for each in group.manifests}
    for reference in [tag, *own, *(each.digest for each in reversed(group.manifests))]:
        assert repo("DELETE", f"manifests/{reference}").status_code == 202
        assert repo("HEAD", f"manifests/{reference}").status_code == 404
    assert tag not in repo("GET", "tags/list").json()["tags"]


def push_and_read(repo: Repo, group: Group) -> None:
    repo.push_blobs(group.blobs, group.algorithm)
    for each in group.manifests:
        answer = repo.put_manifest(each.digest, each.content, each.media_type)

        assert answer.status_code == 201, answer.text
        assert answer.headers["docker-content-digest"] == each.digest
        assert answer.headers.get("oci-subject") == each.subject
        assert_reads(repo, answer.headers["location"], each, each.digest)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_blobs_of_a_manifest_can_be_deleted_after_it(fresh: Repo, algorithm: str) -> None:
    group = make("image", algorithm)
    manifest = push(fresh, group)
    blobs = [f"blobs/{digest_of(blob, algorithm)}" for blob in group.blobs]

    before = [fresh("DELETE", blob).status_code for blob in blobs]
    gone = fresh("DELETE", f"manifests/{manifest.digest}")
    after = [fresh("DELETE", blob).status_code for blob in blobs]

    assert set(before) == {403}
    assert gone.status_code == 202
    assert set(after) == {202}
    assert {fresh("HEAD", blob).status_code for blob in blobs} == {404}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_manifest_of_another_digest_is_refused(repo: Repo, algorithm: str) -> None:
    good = push(repo, make("image", algorithm))
    bad = good.content + b" "

    answer = repo.put_manifest(good.digest, bad)

    assert (answer.status_code, code_of(answer)) == (400, "DIGEST_INVALID")
    assert repo("HEAD", f"manifests/{digest_of(bad, algorithm)}").status_code == 404
    assert repo("GET", f"manifests/{good.digest}").content == good.content


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_push_by_digest_may_bring_its_tags_along(repo: Repo, algorithm: str) -> None:
    pushed = push(repo, make("image", algorithm))

    answer = repo.put_manifest(f"{pushed.digest}?tag=b&tag=a", pushed.content)

    assert answer.status_code == 201
    assert [each.strip() for each in answer.headers["oci-tag"].split(",")] == ["b", "a"]
    for reference in ("a", "b"):
        assert_reads(repo, f"manifests/{reference}", pushed, pushed.digest)


def test_tags_are_listed_in_ascii_order_behind_the_last_one_seen(fresh: Repo) -> None:
    tags = ("1.0.0", "1.10.0", "1.2.0", "B", "_x", "a", "latest")
    pushed = push(fresh, make("empty-index"))
    for tag in reversed(tags):
        answer = fresh.put_manifest(tag, pushed.content, pushed.media_type)
        assert answer.status_code == 201

    whole = fresh("GET", "tags/list")

    assert whole.json() == {"name": fresh.path, "tags": sorted(tags)}
    for last in ("1.2.0", "A", "0", "latest"):
        behind = fresh("GET", f"tags/list?last={last}").json()["tags"]
        assert behind == [tag for tag in sorted(tags) if tag > last], last


def listed(repo: Repo, subject: str, query: str = "") -> tuple[dict[str, str], list[object]]:
    answer = repo("GET", f"referrers/{subject}{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == OCI_INDEX
    document = answer.json()
    assert (document["schemaVersion"], document["mediaType"]) == (2, OCI_INDEX)
    return dict(answer.headers), document["manifests"]


def entry(manifest: Pushed) -> dict[str, object]:
    """Return what the list has to say of a referrer, and nothing else."""
    said: dict[str, object] = {
        "mediaType": manifest.media_type,
        "digest": manifest.digest,
        "size": len(manifest.content),
    }
    if manifest.artifact_type:
        said["artifactType"] = manifest.artifact_type
    if manifest.annotations:
        said["annotations"] = dict(manifest.annotations)
    return said


@pytest.mark.parametrize("algorithm", ALGORITHMS)
class TestTheReferrers:
    @pytest.mark.parametrize("name", ["artifacts-with-subject", "index-with-subject"])
    def test_tell_what_each_one_is_and_may_be_asked_for_by_type(
        self, repo: Repo, name: str, algorithm: str
    ) -> None:
        group = make(name, algorithm)
        push(repo, group)
        referring = [each for each in group.manifests if each.subject]
        subject, wanted = str(referring[0].subject), str(referring[0].artifact_type)

        plain, found = listed(repo, subject)
        filtered, some = listed(repo, subject, f"?artifactType={wanted}")

        assert len(referring) >= 2
        assert sorted(map(str, found)) == sorted(str(entry(each)) for each in referring)
        assert some == [entry(referring[0])]
        assert "oci-filters-applied" not in plain
        assert filtered["oci-filters-applied"] == "artifactType"

    def test_of_a_missing_subject_are_listed_until_they_are_deleted(
        self, repo: Repo, algorithm: str
    ) -> None:
        pushed = push(repo, make("missing-subject", algorithm))
        subject = str(pushed.subject)

        _, found = listed(repo, subject)
        repo("DELETE", f"manifests/{pushed.digest}")
        _, left = listed(repo, subject)

        assert repo("HEAD", f"manifests/{subject}").status_code == 404
        assert (found, left) == ([entry(pushed)], [])


# The same ones in every process that collects the tests.
MISSING = {algorithm: digest_of(b"never pushed", algorithm) for algorithm in ALGORITHMS}


@pytest.mark.parametrize(
    ("method", "reference", "expected"),
    [
        ("GET", MISSING["sha256"], {(404, "MANIFEST_UNKNOWN")}),
        ("GET", MISSING["sha512"], {(404, "MANIFEST_UNKNOWN")}),
        ("GET", "missing-tag", {(404, "MANIFEST_UNKNOWN")}),
        ("PUT", "sha256:baddigeststring", {(400, "DIGEST_INVALID")}),
        ("GET", "sha256:baddigeststring", {(404, "MANIFEST_UNKNOWN"), (400, "DIGEST_INVALID")}),
        ("DELETE", MISSING["sha256"], {(404, "MANIFEST_UNKNOWN")}),
        ("DELETE", "missing-tag", {(404, "MANIFEST_UNKNOWN")}),
    ],
)
def test_what_is_not_there_is_refused(
    repo: Repo, method: str, reference: str, expected: set[tuple[int, str]]
) -> None:
    content = push(repo, make("image")).content if method == "PUT" else b""

    answer = repo(
        method, f"manifests/{reference}", content=content, headers={"Content-Type": OCI_MANIFEST}
    )

    assert (answer.status_code, code_of(answer)) in expected
