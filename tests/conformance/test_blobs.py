"""
Blobs by every way in which clients send them, with both algorithms of digests.

Reference: registry.md, "Blob tests".
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator

import httpx
import pytest

from tests.conformance.wire import Repo, digest_of, send
from tests.live import unique
from tests.registry.driving import OCI_INDEX, code_of

SIZE = 512
CHUNK = 200
OCTETS = {"Content-Type": "application/octet-stream"}


def chunk(
    repo: Repo, method: str, where: str, content: bytes, part: tuple[int, int]
) -> httpx.Response:
    """Send a part of the content, from its start to before its end, as a chunk."""
    start, end = part
    headers = {**OCTETS, "Content-Range": f"{start}-{end - 1}"}
    return repo(method, where, content=content[start:end], headers=headers)


def send_chunks(repo: Repo, where: str, content: bytes, ends: Iterable[int]) -> tuple[str, int]:
    """Send chunks that end there; return where the next one goes and where it begins."""
    start = 0
    for end in ends:
        answer = chunk(repo, "PATCH", where, content, (start, end))
        assert answer.status_code == 202, answer.text
        assert answer.headers["range"] == f"0-{end - 1}"
        where, start = answer.headers["location"], end
    return where, start


def begin_chunked(repo: Repo) -> str:
    answer = repo("POST", "blobs/uploads/", headers={"Content-Length": "0"})
    assert answer.status_code == 202
    assert int(answer.headers.get("oci-chunk-min-length", 0)) <= CHUNK
    return str(answer.headers["location"])


def single_post(repo: Repo, content: bytes, digest: str) -> httpx.Response:
    return repo("POST", f"blobs/uploads/?digest={digest}", content=content, headers=OCTETS)


def post_and_put(repo: Repo, content: bytes, digest: str) -> httpx.Response:
    return repo("PUT", f"{repo.begin()}?digest={digest}", content=content, headers=OCTETS)


def one_chunk(repo: Repo, content: bytes, digest: str) -> httpx.Response:
    where, _ = send_chunks(repo, begin_chunked(repo), content, [len(content)])
    return repo("PUT", f"{where}?digest={digest}")


def many_chunks(repo: Repo, content: bytes, digest: str) -> httpx.Response:
    ends = [*range(CHUNK, len(content), CHUNK), len(content)]
    where, _ = send_chunks(repo, begin_chunked(repo), content, ends)
    return repo("PUT", f"{where}?digest={digest}", headers={"Content-Length": "0"})


def last_chunk_in_the_put(repo: Repo, content: bytes, digest: str) -> httpx.Response:
    where, start = send_chunks(repo, begin_chunked(repo), content, [CHUNK, 2 * CHUNK])
    return chunk(repo, "PUT", f"{where}?digest={digest}", content, (start, len(content)))


def stream(repo: Repo, content: bytes, digest: str) -> httpx.Response:
    pieces = iter([content[:CHUNK], content[CHUNK:]])
    answer = repo("PATCH", repo.begin(), content=pieces, headers=OCTETS)
    assert "content-length" not in answer.request.headers
    assert answer.status_code == 202
    return repo("PUT", f"{answer.headers['location']}?digest={digest}")


Push = Callable[[Repo, bytes, str], httpx.Response]
WAYS = [single_post, post_and_put, one_chunk, many_chunks, last_chunk_in_the_put, stream]


def assert_lives_and_can_be_deleted(
    repo: Repo, pushed: httpx.Response, content: bytes, digest: str
) -> None:
    assert pushed.status_code == 201, pushed.text
    where = pushed.headers["location"]
    assert where.endswith(f"/v2/{repo.path}/blobs/{digest}")
    headed, got = repo("HEAD", where), repo("GET", where)
    assert (headed.status_code, got.status_code) == (200, 200)
    assert got.content == content
    for answer in (headed, got, pushed):
        assert answer.headers["docker-content-digest"] == digest
    assert headed.headers["content-length"] == str(len(content))
    assert repo("DELETE", where).status_code == 202
    assert repo("HEAD", where).status_code == 404
    assert repo("GET", where).status_code == 404


@pytest.fixture
def content() -> bytes:
    return secrets.token_bytes(SIZE)


@pytest.mark.parametrize("push", WAYS)
class TestEveryWay:
    def test_makes_a_blob_that_is_read_and_deleted(
        self, repo: Repo, push: Push, algorithm: str, content: bytes
    ) -> None:
        digest = digest_of(content, algorithm)

        answer = push(repo, content, digest)

        assert_lives_and_can_be_deleted(repo, answer, content, digest)

    def test_refuses_bytes_of_another_digest(
        self, repo: Repo, push: Push, algorithm: str, content: bytes
    ) -> None:
        stated, true = (digest_of(each, algorithm) for each in (b"other", content))

        answer = push(repo, content, stated)

        assert (answer.status_code, code_of(answer)) == (400, "DIGEST_INVALID")
        for digest in (stated, true):
            assert repo("HEAD", f"blobs/{digest}").status_code == 404


@pytest.mark.parametrize(
    ("content", "push"),
    [
        (b"", single_post),
        (b"", post_and_put),
        (b"", stream),  # no Content-Range could name a chunk without bytes
        (b"{}", one_chunk),
    ],
)
def test_the_empty_blob_and_braces_are_blobs_like_others(
    repo: Repo, content: bytes, push: Push, algorithm: str
) -> None:
    digest = digest_of(content, algorithm)

    answer = push(repo, content, digest)

    assert_lives_and_can_be_deleted(repo, answer, content, digest)


def test_ping_is_200_after_the_challenge(repo: Repo) -> None:
    assert send(repo.hub, "GET", "/v2/").status_code == 401
    assert repo("GET", "/v2/").status_code == 200


class TestAnEmptyRepository:
    """It was never pushed to, or only an upload was begun."""

    @pytest.mark.parametrize("is_begun", [False, True])
    def test_has_no_tags(self, fresh: Repo, is_begun: bool) -> None:
        if is_begun:
            fresh.begin()

        answer = fresh("GET", "tags/list")

        assert answer.headers["content-type"] == "application/json"
        if is_begun:
            assert (answer.status_code, answer.json()["tags"]) == (200, [])
        else:
            assert (answer.status_code, code_of(answer)) == (404, "NAME_UNKNOWN")

    @pytest.mark.parametrize("is_begun", [False, True])
    def test_has_an_empty_index_of_referrers(
        self, fresh: Repo, is_begun: bool, algorithm: str
    ) -> None:
        if is_begun:
            fresh.begin()

        answer = fresh("GET", f"referrers/{digest_of(secrets.token_bytes(9), algorithm)}")

        assert answer.status_code == 200
        assert answer.headers["content-type"] == OCI_INDEX
        assert answer.json() == {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}


def test_a_missing_blob_is_unknown(repo: Repo, algorithm: str) -> None:
    repo.push_blob(b"another")
    missing = digest_of(secrets.token_bytes(9), algorithm)

    answer = repo("GET", f"blobs/{missing}")

    assert (answer.status_code, code_of(answer)) == (404, "BLOB_UNKNOWN")
    assert repo("HEAD", f"blobs/{missing}").status_code == 404


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_chunk_out_of_order_is_refused_and_the_upload_goes_on(
    repo: Repo, method: str, algorithm: str, content: bytes
) -> None:
    digest = digest_of(content, algorithm)
    where, start = send_chunks(repo, begin_chunked(repo), content, [CHUNK])
    query = f"?digest={digest}" if method == "PUT" else ""

    refused = [
        chunk(repo, method, where + query, content, wrong)
        for wrong in [(0, CHUNK), (start + 1, SIZE)]
    ]
    shown = repo("GET", where)
    answer = chunk(repo, "PUT", f"{where}?digest={digest}", content, (start, SIZE))

    assert [each.status_code for each in refused] == [416] * 2
    assert (shown.status_code, shown.content) == (204, b"")
    assert shown.headers["range"] == f"0-{start - 1}"
    assert shown.headers["location"] == where
    assert_lives_and_can_be_deleted(repo, answer, content, digest)


@pytest.fixture(scope="module")
def other(repo: Repo) -> Iterator[Repo]:
    """Return another repository whose token is good for both."""
    also = f"repository:{repo.path}:pull"
    opened = Repo(repo.hub, f"alice/{unique('wire')}", also=also)
    yield opened
    opened.close()


class TestAMount:
    def test_makes_a_blob_without_sending_it(
        self, repo: Repo, other: Repo, content: bytes, algorithm: str
    ) -> None:
        digest = repo.push_blob(content, algorithm)

        answer = other("POST", f"blobs/uploads/?mount={digest}&from={repo.path}")

        assert_lives_and_can_be_deleted(other, answer, content, digest)
        assert repo("GET", f"blobs/{digest}").content == content

    @pytest.mark.parametrize("case", ["here", "absent", "absent&from={path}", "here&from=alice/no"])
    def test_without_a_source_that_has_it_becomes_an_upload(
        self, repo: Repo, other: Repo, content: bytes, case: str
    ) -> None:
        repo.push_blob(content)
        what, _, source = case.format(path=repo.path).partition("&")
        wanted = content if what == "here" else b"absent" + content
        digest = digest_of(wanted)

        answer = other("POST", f"blobs/uploads/?mount={digest}&{source}")
        before = other("HEAD", f"blobs/{digest}").status_code
        where = answer.headers["location"]
        pushed = other("PUT", f"{where}?digest={digest}", content=wanted)

        assert (answer.status_code, before) == (202, 404)
        assert_lives_and_can_be_deleted(other, pushed, wanted, digest)


def test_an_upload_ends_when_it_is_cancelled(repo: Repo, content: bytes) -> None:
    where, _ = send_chunks(repo, begin_chunked(repo), content, [CHUNK])

    cancelled = repo("DELETE", where)

    assert cancelled.status_code == 204
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        answer = repo(method, f"{where}?digest={digest_of(content[:CHUNK])}")
        assert (answer.status_code, code_of(answer)) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_a_range_is_sent_exactly_or_refused(repo: Repo, algorithm: str) -> None:
    whole = secrets.token_bytes(2048)
    target = f"blobs/{repo.push_blob(whole, algorithm)}"
    asked = {
        "500-1499": (500, 1499),
        "500-": (500, 2047),
        "-500": (1548, 2047),
        "2000-5000": (2000, 2047),
    }

    for text, (first, last) in asked.items():
        answer = repo("GET", target, headers={"Range": f"bytes={text}"})

        assert answer.status_code == 206, text
        assert answer.content == whole[first : last + 1], text
        assert answer.headers["content-length"] == str(last + 1 - first), text
        assert answer.headers["content-range"] == f"bytes {first}-{last}/2048", text
    for text in ("500-0", "5000-10000"):
        assert repo("GET", target, headers={"Range": f"bytes={text}"}).status_code == 416, text


def test_a_delete_of_what_is_not_there_is_a_404_and_no_405(repo: Repo, algorithm: str) -> None:
    repo.push_blob(b"another")

    answer = repo("DELETE", f"blobs/{digest_of(secrets.token_bytes(9), algorithm)}")

    assert (answer.status_code, code_of(answer)) == (404, "BLOB_UNKNOWN")
