"""
How requests are framed: what suites, clients and proxies do that libraries hide.

Reference: registry.md, "Framing traps and suite behaviours".
"""

from __future__ import annotations

import json
import secrets
import time

import pytest

from tests.conformance.groups import an_index
from tests.conformance.wire import Answer, Connection, Repo, chunked, digest_of
from tests.registry.driving import OCI_INDEX
from wasmhub.oci import MANIFEST_MAX_BYTES

CHUNKED = "Transfer-Encoding: chunked"
EXPECT = "Expect: 100-continue"
TYPED = f"Content-Type: {OCI_INDEX}"
# Many times what it takes to commit something small.
WORKING_SECONDS = 0.3


def send_chunked(repo: Repo, method: str, target: str, content: bytes, *lines: str) -> Answer:
    """Send a body in many small chunks and without any length."""
    with Connection(repo.hub) as connection:
        connection.head(method, target, CHUNKED, *lines, token=repo.token)
        for part in chunked(content):
            connection.send(part)
        return connection.read()


class TestABodyWithoutALength:
    """Chunked, as Go's clients send manifests and streams; never taken for an empty one."""

    def test_of_a_manifest_is_read_to_its_end(self, repo: Repo) -> None:
        content = an_index()

        answer = send_chunked(repo, "PUT", f"{repo.root}/manifests/x", content, TYPED)

        assert answer.status == 201
        assert repo("GET", answer.headers["Location"]).content == content

    def test_of_a_streamed_patch_is_read_to_its_end(self, repo: Repo) -> None:
        content, where = secrets.token_bytes(1000), repo.begin()

        streamed = send_chunked(repo, "PATCH", where, content)
        closed = repo("PUT", f"{where}?digest={digest_of(content)}")

        assert (streamed.status, streamed.headers["Range"]) == (202, "0-999")
        assert closed.status_code == 201
        assert repo("GET", closed.headers["location"]).content == content

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    def test_of_a_whole_blob_is_read_to_its_end(self, repo: Repo, method: str) -> None:
        content = secrets.token_bytes(1000)
        where = f"{repo.root}/blobs/uploads/" if method == "POST" else repo.begin()

        answer = send_chunked(repo, method, f"{where}?digest={digest_of(content)}", content)

        assert answer.status == 201
        assert repo("GET", answer.headers["Location"]).content == content

    @pytest.mark.parametrize("lines", [(CHUNKED,), ("Content-Length: 0",), ()])
    def test_of_no_bytes_is_fine_for_the_post_and_the_closing_put(
        self, repo: Repo, lines: tuple[str, ...]
    ) -> None:
        content = secrets.token_bytes(10)

        with Connection(repo.hub) as connection:
            connection.head("POST", f"{repo.root}/blobs/uploads/", *lines, token=repo.token)
            connection.send(b"0\r\n\r\n" if CHUNKED in lines else b"")
            begun = connection.read()
            where = begun.headers["Location"]
            repo("PATCH", where, content=content)
            connection.head("PUT", f"{where}?digest={digest_of(content)}", *lines, token=repo.token)
            connection.send(b"0\r\n\r\n" if CHUNKED in lines else b"")
            closed = connection.read()

        assert (begun.status, closed.status) == (202, 201)
        assert repo("GET", closed.headers["Location"]).content == content


def stays_absent(repo: Repo, target: str) -> bool:
    """Test that nothing appears there while a server could still be at work on what it has."""
    deadline = time.monotonic() + WORKING_SECONDS
    while time.monotonic() < deadline:
        if repo("HEAD", target).status_code != 404:
            return False
    return True


@pytest.mark.parametrize("framing", ["with a length", "chunked"])
class TestAConnectionThatBreaksInMidBody:
    """What came is complete content, so only the framing says that its end is missing."""

    def leave(self, repo: Repo, method: str, target: str, content: bytes, framing: str) -> None:
        length = f"Content-Length: {len(content) + 10}"
        parts = list(chunked(content, 100))[:-1] if framing == "chunked" else [content]
        line = CHUNKED if framing == "chunked" else length
        with Connection(repo.hub) as connection:
            connection.head(method, target, line, TYPED, EXPECT, token=repo.token)
            # Whoever says so is about to read: what is sent now is not lost on the way.
            assert connection.read().status == 100
            connection.send(b"".join(parts))
            connection.leave()

    def test_commits_no_blob(self, repo: Repo, framing: str) -> None:
        content = secrets.token_bytes(500)
        query = f"?digest={digest_of(content)}"

        self.leave(repo, "POST", f"{repo.root}/blobs/uploads/{query}", content, framing)
        self.leave(repo, "PUT", f"{repo.begin()}{query}", content, framing)

        assert stays_absent(repo, f"blobs/{digest_of(content)}")

    def test_commits_no_manifest(self, repo: Repo, framing: str) -> None:
        content, tag = an_index(), secrets.token_hex(4)

        self.leave(repo, "PUT", f"{repo.root}/manifests/{tag}", content, framing)

        assert stays_absent(repo, f"manifests/{tag}")
        assert repo("HEAD", f"manifests/{digest_of(content)}").status_code == 404

    def test_leaves_an_upload_that_can_go_on(self, repo: Repo, framing: str) -> None:
        content, where = secrets.token_bytes(500), repo.begin()
        repo("PATCH", where, content=content[:100])

        self.leave(repo, "PATCH", where, content[100:300], framing)
        kept = int(repo("GET", where).headers["range"].removeprefix("0-")) + 1
        repo("PATCH", where, content=content[kept:])
        closed = repo("PUT", f"{where}?digest={digest_of(content)}")

        assert kept in {100, 300}
        assert closed.status_code == 201
        assert repo("GET", closed.headers["location"]).content == content


def test_requests_that_are_pipelined_are_answered_in_order(repo: Repo) -> None:
    contents = [secrets.token_bytes(300) for _ in range(4)]
    uploads = f"{repo.root}/blobs/uploads/?digest="
    with Connection(repo.hub) as connection:
        for content in contents:
            length = f"Content-Length: {len(content)}"
            connection.head("POST", uploads + digest_of(content), length, token=repo.token)
            connection.send(content)
            connection.head("GET", f"{repo.root}/blobs/{digest_of(content)}", token=repo.token)
        answers = [connection.read() for _ in range(8)]

    assert [answer.status for answer in answers] == [201, 200] * 4
    assert [answer.body for answer in answers[1::2]] == contents


class TestExpect100Continue:
    def test_is_answered_before_the_body_is_sent(self, repo: Repo) -> None:
        content = secrets.token_bytes(300)
        target = f"{repo.root}/blobs/uploads/?digest={digest_of(content)}"

        with Connection(repo.hub) as connection:
            lines = EXPECT, f"Content-Length: {len(content)}"
            connection.head("POST", target, *lines, token=repo.token)
            go_on = connection.read()
            connection.send(content)
            answer = connection.read()

        assert (go_on.status, answer.status) == (100, 201)

    @pytest.mark.parametrize(("is_signed_in", "status"), [(False, 401), (True, 413)])
    def test_spares_a_body_that_is_refused(
        self, repo: Repo, is_signed_in: bool, status: int
    ) -> None:
        with Connection(repo.hub) as connection:
            lines = EXPECT, f"Content-Length: {MANIFEST_MAX_BYTES + 1}", TYPED
            token = repo.token if is_signed_in else ""
            connection.head("PUT", f"{repo.root}/manifests/x", *lines, token=token)

            assert connection.read().status == status


class TestALargeManifest:
    @pytest.mark.parametrize("framing", ["with a length", "chunked"])
    def test_of_3_9_mb_is_taken(self, repo: Repo, framing: str) -> None:
        content = an_index(annotations={f"a{n}": secrets.token_hex(5000) for n in range(390)})
        body = iter([content]) if framing == "chunked" else content

        headers = {"Content-Type": OCI_INDEX}
        pushed = repo("PUT", "manifests/large", content=body, headers=headers)

        assert 3_900_000 < len(content) < MANIFEST_MAX_BYTES
        assert pushed.status_code == 201
        assert repo("GET", "manifests/large").content == content

    def test_of_more_than_4_mib_is_refused_before_it_is_read(self, repo: Repo) -> None:
        with Connection(repo.hub) as connection:
            lines = TYPED, f"Content-Length: {MANIFEST_MAX_BYTES + 1}"
            connection.head("PUT", f"{repo.root}/manifests/large", *lines, token=repo.token)
            answer = connection.read()

        assert answer.status == 413
        assert json.loads(answer.body)["errors"][0]["code"] == "SIZE_INVALID"

    def test_without_an_end_is_cut_off_at_4_mib(self, repo: Repo) -> None:
        block = b" " * 65_536
        with Connection(repo.hub) as connection:
            connection.head("PUT", f"{repo.root}/manifests/x", CHUNKED, TYPED, token=repo.token)
            for _ in range(MANIFEST_MAX_BYTES // len(block)):
                connection.send(b"10000\r\n" + block + b"\r\n")
            connection.send(b"1\r\n \r\n")  # one byte too many, and no end
            answer = connection.read()

        assert answer.status == 413
