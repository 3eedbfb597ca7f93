"""
How answers are framed: types, lengths and addresses that suites and clients compare exactly.

Reference: registry.md, "Framing traps and suite behaviours".
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable

import httpx
import pytest

from tests.conformance.groups import an_index
from tests.conformance.wire import ALGORITHMS, Connection, Repo, digest_of
from tests.registry.driving import OCI_INDEX, OCI_MANIFEST
from wasmhub.oci.media import DOCKER_CONFIG, DOCKER_MANIFEST, DOCKER_MANIFEST_LIST


@pytest.fixture(scope="module")
def filled(repo: Repo) -> dict[str, str]:
    """Push one of everything, large enough to be worth compressing; return where it is."""
    blob = repo.push_blob(b"\0" * 20_000)
    content = an_index(annotations={"text": "x" * 20_000})
    pushed = repo.put_manifest("x", content, OCI_INDEX)
    return {
        "ping": "/v2/",
        "tags": "tags/list",
        "manifest by tag": "manifests/x",
        "manifest by digest": pushed.headers["location"],
        "blob": f"blobs/{blob}",
        "referrers": f"referrers/{blob}",
        "refusal": "manifests/absent",
    }


def test_nothing_is_compressed_for_who_accepts_gzip(repo: Repo, filled: dict[str, str]) -> None:
    for what, target in filled.items():
        plain = repo("GET", target, headers={"Accept-Encoding": "identity"})
        answer = repo("GET", target, headers={"Accept-Encoding": "gzip, deflate, br, zstd"})

        assert "content-encoding" not in answer.headers, what
        assert answer.headers["content-length"] == str(len(plain.content)), what
        assert answer.content == plain.content, what


@pytest.mark.parametrize(
    "media_type", [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_MANIFEST_LIST]
)
def test_a_manifests_content_type_is_the_pushed_one_byte_for_byte(
    repo: Repo, media_type: str
) -> None:
    blob = repo.push_blob(b"{}")
    config = {"mediaType": DOCKER_CONFIG, "digest": blob, "size": 2}
    parts = (
        {"manifests": []}
        if media_type in {OCI_INDEX, DOCKER_MANIFEST_LIST}
        else {"config": config, "layers": []}
    )
    content = json.dumps({"schemaVersion": 2, "mediaType": media_type, **parts}).encode()

    with Connection(repo.hub) as connection:
        # As odd as a header may be: its name in capitals, and blanks around its value.
        lines = f"CONTENT-TYPE: \t{media_type} ", f"content-LENGTH:{len(content)}"
        connection.head("PUT", f"{repo.root}/manifests/x", *lines, token=repo.token)
        connection.send(content)
        pushed = connection.read()

    assert pushed.status == 201
    for target in ("manifests/x", pushed.headers["Location"]):
        for method in ("GET", "HEAD"):
            assert repo(method, target).headers["content-type"] == media_type


def test_head_has_no_body_and_gets_headers(repo: Repo, filled: dict[str, str]) -> None:
    with Connection(repo.hub) as connection:
        for what, target in filled.items():
            where = target if target.startswith("/") else f"{repo.root}/{target}"
            # Both at once: a body after the first answer would be taken for the second one.
            connection.head("HEAD", where, token=repo.token)
            connection.head("GET", where, token=repo.token)
            headed, got = connection.read(method="HEAD"), connection.read()

            assert headed.status == got.status, what
            for name in ("Content-Length", "Content-Type", "Docker-Content-Digest"):
                assert headed.headers[name] == got.headers[name], what
            assert got.headers["Content-Length"] == str(len(got.body)), what


def _post(repo: Repo, content: bytes, digest: str) -> httpx.Response:
    return repo("POST", f"blobs/uploads/?digest={digest}", content=content)


def _put(repo: Repo, content: bytes, digest: str) -> httpx.Response:
    return repo("PUT", f"{repo.begin()}?digest={digest}", content=content)


def _manifest(repo: Repo, content: bytes, digest: str) -> httpx.Response:
    return repo.put_manifest(digest, content, OCI_INDEX)


def _tag(repo: Repo, content: bytes, _digest: str) -> httpx.Response:
    return repo.put_manifest("x", content, OCI_INDEX)


@pytest.mark.parametrize("push", [_post, _put, _manifest, _tag])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_location_of_what_was_pushed_can_be_read_at_once(
    repo: Repo, push: Callable[[Repo, bytes, str], httpx.Response], algorithm: str
) -> None:
    content = an_index()

    answer = push(repo, content, digest_of(content, algorithm))
    read = repo("GET", answer.headers["location"])

    assert answer.status_code == 201
    assert read.status_code == 200
    assert read.content == content


def test_an_uploads_location_is_plain(repo: Repo) -> None:
    """Clients cut the repository out of it, and append the digest with ``?`` or ``&``."""
    content = secrets.token_bytes(20)

    begun = repo("POST", "blobs/uploads/")
    where = begun.headers["location"]
    moved = repo("PATCH", where, content=content, headers={"Content-Range": "0-19"})
    shown = repo("GET", where)
    refused = repo("PATCH", where, content=content, headers={"Content-Range": "0-19"})
    finished = repo("PUT", f"{where}?from=client&digest={digest_of(content)}")

    plain = re.compile(
        rf"(http://{re.escape(repo.hub.host)})?/v2/{repo.path}/blobs/uploads/[^/?#]+"
    )
    for answer in (begun, moved, shown, refused):
        assert plain.fullmatch(answer.headers["location"]), answer.headers["location"]
    assert [each.status_code for each in (moved, shown, refused, finished)] == [202, 204, 416, 201]
