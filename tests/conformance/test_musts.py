"""
What the specification demands and the conformance suite does not test.

Reference: registry.md, "MUSTs of the spec that the suite does not test".
"""

from __future__ import annotations

import json
import re
import secrets
import uuid
from collections.abc import Iterator

import pytest

from tests.conformance.groups import Group, make
from tests.conformance.wire import ALGORITHMS, Repo, digest_of, send, token_of
from tests.live import Hub, unique
from tests.registry.driving import OCI_INDEX, code_of
from wasmhub.oci import MANIFEST_MAX_BYTES

ABSENT = "sha256:" + "0" * 64
EMPTY_INDEX = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).encode()


TAGS = tuple("abcde")


def push_tags(repo: Repo) -> None:
    for tag in TAGS:
        assert repo.put_manifest(tag, EMPTY_INDEX, OCI_INDEX).status_code == 201


@pytest.fixture(scope="module")
def tagged(hub: Hub) -> Iterator[Repo]:
    opened = Repo(hub, f"alice/{unique('tags')}")
    push_tags(opened)
    yield opened
    opened.close()


class TestTags:
    @pytest.mark.parametrize(
        ("query", "expected", "has_more"),
        [
            ("n=0", "", False),
            ("n=2", "ab", True),
            ("n=5", "abcde", False),
            ("n=9", "abcde", False),
            ("n=2&last=b", "cd", True),
            ("n=2&last=d", "e", False),
            ("last=c", "de", False),
            ("n=0&last=b", "", False),
        ],
    )
    def test_are_n_behind_the_last_and_a_link_says_that_there_are_more(
        self, tagged: Repo, query: str, expected: str, has_more: bool
    ) -> None:
        answer = tagged("GET", f"tags/list?{query}")

        assert answer.status_code == 200
        assert answer.json()["tags"] == list(expected)
        assert ("link" in answer.headers) == has_more

    def test_are_all_found_by_following_the_links(self, tagged: Repo) -> None:
        found, target = [], "tags/list?n=2"
        while target:
            answer = tagged("GET", target)
            found += answer.json()["tags"]
            link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("link", ""))
            target = link[1] if link else ""

        assert found == list(TAGS)

    def test_are_gone_with_their_manifest(self, fresh: Repo) -> None:
        push_tags(fresh)

        deleted = fresh("DELETE", f"manifests/{digest_of(EMPTY_INDEX)}")

        assert deleted.status_code == 202
        for tag in TAGS:
            assert fresh("GET", f"manifests/{tag}").status_code == 404
        assert fresh("GET", "tags/list").json()["tags"] == []


@pytest.mark.parametrize("target", ["manifests/x", f"manifests/{ABSENT}", f"blobs/{ABSENT}"])
def test_a_delete_in_a_missing_repository_is_a_404(fresh: Repo, target: str) -> None:
    answer = fresh("DELETE", target)

    assert (answer.status_code, code_of(answer)) == (404, "NAME_UNKNOWN")


@pytest.mark.parametrize("missing", ["config", "layer", "child"])
def test_a_manifest_is_refused_for_unknown_content_with_its_own_code(
    repo: Repo, missing: str
) -> None:
    group = Group()
    absent = {"mediaType": OCI_INDEX, "digest": ABSENT, "size": 9}
    if missing == "child":
        group.index(absent)
    else:
        group.image(**{"config": absent} if missing == "config" else {"layers": [absent]})
    repo.push_blobs(group.blobs)
    (manifest,) = group.manifests

    answer = repo.put_manifest("x", manifest.content, manifest.media_type)

    assert (answer.status_code, code_of(answer)) == (404, "MANIFEST_BLOB_UNKNOWN")
    assert repo("HEAD", f"manifests/{manifest.digest}").status_code == 404


@pytest.mark.parametrize(
    ("digest", "status"),
    [
        ("sha256:short", 400),
        ("sha256:" + "A" * 64, 400),
        ("sha256:" + "0" * 65, 400),
        ("sha512:" + "0" * 64, 400),
        ("md5:" + "0" * 32, 400),
        ("0" * 64, 400),
        ("latest", 400),
        ("sha256:" + "0" * 64, 200),
        ("sha512:" + "0" * 128, 200),
    ],
)
def test_referrers_of_a_malformed_digest_are_a_400(repo: Repo, digest: str, status: int) -> None:
    answer = repo("GET", f"referrers/{digest}")

    assert answer.status_code == status
    assert status == 200 or code_of(answer) == "DIGEST_INVALID"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_get_and_head_name_the_digest_of_their_content(repo: Repo, algorithm: str) -> None:
    blob = repo.push_blob(secrets.token_bytes(9), algorithm)
    manifest = digest_of(EMPTY_INDEX, algorithm)
    repo.put_manifest(f"{manifest}?tag=x", EMPTY_INDEX, OCI_INDEX)

    for target, digest in [
        (f"blobs/{blob}", blob),
        (f"manifests/{manifest}", manifest),
        ("manifests/x", manifest),
    ]:
        for method in ("GET", "HEAD"):
            assert repo(method, target).headers["docker-content-digest"] == digest


UPLOAD = "blobs/uploads/6f1c0d5e-5d0c-4d0e-9a44-0c6b8f6a3f10"
TYPED = {"Content-Type": OCI_INDEX}
REFUSALS = [
    ("GET", f"blobs/{ABSENT}", {}, b"", 404, "BLOB_UNKNOWN"),
    ("PATCH", "{begun}", {"Content-Range": "x"}, b"x", 400, "BLOB_UPLOAD_INVALID"),
    ("PATCH", "{begun}", {"Content-Range": "7-7"}, b"x", 416, "BLOB_UPLOAD_INVALID"),
    ("PATCH", UPLOAD, {}, b"x", 404, "BLOB_UPLOAD_UNKNOWN"),
    ("GET", "blobs/sha256:x", {}, b"", 400, "DIGEST_INVALID"),
    ("PUT", "{begun}", {}, b"", 400, "DIGEST_INVALID"),
    ("PUT", "manifests/x", TYPED, b"{}", 400, "MANIFEST_INVALID"),
    ("PUT", "manifests/-x", TYPED, EMPTY_INDEX, 400, "MANIFEST_INVALID"),
    ("GET", "manifests/absent", {}, b"", 404, "MANIFEST_UNKNOWN"),
    ("GET", "/v2/alice/Upper/tags/list", {}, b"", 400, "NAME_INVALID"),
    ("PATCH", "{begun}", {"Content-Range": "0-8"}, b"x", 400, "SIZE_INVALID"),
    ("PUT", "manifests/x", TYPED, b" " * (MANIFEST_MAX_BYTES + 1), 413, "SIZE_INVALID"),
    ("DELETE", "{named}", {}, b"", 403, "DENIED"),
    ("GET", f"/v2/mallory/theirs/blobs/{ABSENT}", {}, b"", 401, "UNAUTHORIZED"),
    ("POST", "tags/list", {}, b"", 405, "UNSUPPORTED"),
    ("GET", "tags/list?n=x", {}, b"", 400, "UNSUPPORTED"),
]


@pytest.fixture(scope="module")
def named(repo: Repo) -> str:
    """Push a blob that a manifest names, so that it may not be deleted; return its address."""
    group = make("artifact")
    digests = [repo.push_blob(blob) for blob in group.blobs]
    repo.put_manifest("named", group.manifests[0].content)
    return f"blobs/{digests[0]}"


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal[-1]} {refusal[0]}")
def test_a_refusal_is_a_document_with_one_of_the_specs_codes(
    repo: Repo, named: str, refusal: tuple[str, str, dict[str, str], bytes, int, str]
) -> None:
    method, target, headers, content, status, code = refusal
    begun = repo.begin()

    answer = repo(method, target.format(begun=begun, named=named), headers=headers, content=content)

    assert answer.status_code == status
    assert code_of(answer) == code  # which also looks at the type and at the keys


@pytest.mark.parametrize(
    ("name", "is_good"),
    [
        ("a", True),
        ("0", True),
        ("a.b_c__d-e---f", True),
        ("a" * 100, True),
        ("A", False),
        ("a..b", False),
        ("a___b", False),
        ("a._b", False),
        ("a-", False),
        ("-a", False),
        (".a", False),
        ("_a", False),
        ("a%20b", False),
        ("%C3%A9", False),
        ("a" * 101, False),
        ("a/b", False),  # the specification allows more segments; here there are exactly two
    ],
)
def test_a_name_keeps_to_the_grammar(hub: Hub, name: str, is_good: bool) -> None:
    path = f"alice/{name}"
    token = token_of(hub, "alice", f"repository:{path}:pull,push")

    answer = send(hub, "POST", f"/v2/{path}/blobs/uploads/", token=token)

    assert (answer.status_code == 202) == is_good
    assert is_good or (answer.status_code, code_of(answer)) == (400, "NAME_INVALID")


@pytest.mark.parametrize(
    ("tag", "is_good"),
    [
        ("x", True),
        ("_", True),
        ("0", True),
        ("Aa0._-", True),
        ("x" * 128, True),
        ("x" * 129, False),
        (".x", False),
        ("-x", False),
        ("x%20y", False),
        ("x+y", False),
        ("%C3%A9", False),
        ("x%0A", False),
    ],
)
def test_a_tag_keeps_to_the_grammar(repo: Repo, tag: str, is_good: bool) -> None:
    answer = repo.put_manifest(tag, EMPTY_INDEX, OCI_INDEX)

    assert answer.status_code == (201 if is_good else 400)
    assert is_good or code_of(answer) == "MANIFEST_INVALID"
    assert repo("GET", f"manifests/{tag}").status_code == (200 if is_good else 404)


def test_upload_ids_are_random_uuids(repo: Repo) -> None:
    ids = [uuid.UUID(repo.begin().rpartition("/")[2]) for _ in range(5)]

    assert {each.version for each in ids} == {4}
    assert len({each.hex[:8] for each in ids}) == 5


AGE = """
from datetime import timedelta
from registry.models import Upload
from registry.tasks import UPLOADS_KEPT, forget_stale_uploads
upload = Upload.objects.get(pk="{0}")
Upload.objects.filter(pk=upload.pk).update(touched=upload.touched - UPLOADS_KEPT)
forget_stale_uploads()
"""


def test_an_unfinished_upload_times_out(repo: Repo) -> None:
    old, fresh = repo.begin(), repo.begin()
    repo("PATCH", old, content=b"some")

    repo.hub.manage("shell", "--no-imports", "-c", AGE.format(old.rpartition("/")[2]))

    for method in ("GET", "PATCH", "PUT"):
        answer = repo(method, f"{old}?digest={digest_of(b'some')}")
        assert (answer.status_code, code_of(answer)) == (404, "BLOB_UPLOAD_UNKNOWN")
    assert repo("GET", fresh).status_code == 204


@pytest.mark.parametrize("query", ["", "?ns=docker.io"])
def test_no_answer_leads_elsewhere_or_speaks_of_another_registry(repo: Repo, query: str) -> None:
    """So no client has an ``Authorization`` to carry to another host."""
    blob = repo.push_blob(secrets.token_bytes(9))
    repo.put_manifest("x", EMPTY_INDEX, OCI_INDEX)

    targets = ["/v2/", "/v2", "tags/list", "tags/list/", "manifests/x", "manifests/x/", "nothing"]
    targets += [f"blobs/{blob}", f"blobs/{blob}/", f"referrers/{blob}"]
    answers = {target: repo("GET", target + query) for target in targets}

    for target, answer in answers.items():
        assert answer.status_code in {200, 400, 404}, target
        assert "location" not in answer.headers, target
        assert "oci-namespace" not in answer.headers, target
    assert answers["manifests/x"].content == EMPTY_INDEX


def test_a_mount_without_a_source_is_an_upload(repo: Repo) -> None:
    digest = repo.push_blob(secrets.token_bytes(9))

    answer = repo("POST", f"blobs/uploads/?mount={digest}")

    assert answer.status_code == 202
    assert repo("GET", answer.headers["location"]).status_code == 204
