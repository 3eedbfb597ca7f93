"""Blobs: whole and in part, for those who may have them, and never wrong bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.models import Verdict
from core.content import ContentError
from registry.stores.filesystem import FilesystemStore
from tests.registry.driving import DATABASE, Client, code_of, image, judge, publish, sha256

pytestmark = DATABASE

CONTENT = bytes(range(256)) * 8
BLOB = f"/v2/acme/jwt/blobs/{sha256(CONTENT)}"


@pytest.fixture
def pushed(registry: Client) -> Client:
    registry.push_blob("acme/jwt", CONTENT)
    return registry


def test_get_and_head_say_the_same(pushed: Client) -> None:
    got, headed = pushed("GET", BLOB), pushed("HEAD", BLOB)

    assert (got.status_code, headed.status_code) == (200, 200)
    assert (got.content, headed.content) == (CONTENT, b"")
    assert dict(got.headers) == dict(headed.headers)
    assert got.headers["content-length"] == "2048"
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["docker-content-digest"] == sha256(CONTENT)
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in got.headers


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("500-1499", 500, 1500),
        ("500-", 500, 2048),
        ("-500", 1548, 2048),
        ("2000-5000", 2000, 2048),
        ("0-0", 0, 1),
        ("-5000", 0, 2048),
        ("0-" + "9" * 19, 0, 2048),
    ],
)
def test_a_range_is_exactly_that(pushed: Client, asked: str, start: int, end: int) -> None:
    answer = pushed("GET", BLOB, headers={"Range": f"bytes={asked}"})

    assert answer.status_code == 206
    assert answer.content == CONTENT[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/2048"
    assert answer.headers["content-length"] == str(end - start)


def test_a_range_that_is_not_there_is_refused(pushed: Client) -> None:
    asked = ["500-0", "5000-10000", "2048-", "-0"]

    answers = [pushed("GET", BLOB, headers={"Range": f"bytes={each}"}) for each in asked]

    assert {answer.status_code for answer in answers} == {416}
    assert {answer.headers["content-range"] for answer in answers} == {"bytes */2048"}


def test_a_range_that_is_none_is_passed_over(pushed: Client) -> None:
    asked = ["bytes=0-1,5-6", "lines=0-1", "bytes=-", "bytes=x-y", "bytes"]

    answers = [pushed("GET", BLOB, headers={"Range": each}) for each in asked]

    assert [(answer.status_code, answer.content) for answer in answers] == [(200, CONTENT)] * 5


def test_a_range_of_something_older_is_passed_over(pushed: Client) -> None:
    answer = pushed("GET", BLOB, headers={"Range": "bytes=0-1", "If-Range": '"sha256:old"'})

    assert answer.status_code == 200


def test_large_content_comes_whole(registry: Client) -> None:
    content = bytes(range(251)) * 5000
    registry.push_blob("acme/jwt", content)

    answer = registry("GET", f"/v2/acme/jwt/blobs/{sha256(content)}")
    part = registry(
        "GET", f"/v2/acme/jwt/blobs/{sha256(content)}", headers={"Range": "bytes=300000-900000"}
    )

    assert answer.content == content
    assert part.content == content[300000:900001]


class TestWhoMayRead:
    def read(self, registry: Client, who: str | None, content: bytes) -> tuple[int, int]:
        path = f"/v2/acme/jwt/blobs/{sha256(content)}"
        got, headed = registry("GET", path, who=who), registry("HEAD", path, who=who)
        return got.status_code, headed.status_code

    def test_readers_get_what_a_passed_manifest_names(self, pushed: Client) -> None:
        passed = pushed.push("acme/jwt", "1.0.0")
        judge(passed, Verdict.PASSED)
        publish("acme/jwt")

        for who in (None, "mallory", "bob"):
            assert self.read(pushed, who, passed.layer.data) == (200, 200)
            assert self.read(pushed, who, passed.config.data) == (200, 200)

    def test_readers_do_not_get_what_no_manifest_names(self, pushed: Client) -> None:
        judge(pushed.push("acme/jwt", "1.0.0"), Verdict.PASSED)
        publish("acme/jwt")

        assert self.read(pushed, "mallory", CONTENT) == (404, 404)
        assert self.read(pushed, "bob", CONTENT) == (200, 200)

    @pytest.mark.parametrize(
        "verdict", [Verdict.PENDING, Verdict.FAILED, Verdict.QUARANTINED, None]
    )
    def test_readers_do_not_get_what_did_not_pass(
        self, pushed: Client, verdict: Verdict | None
    ) -> None:
        judge(pushed.push("acme/jwt", "1.0.0"), Verdict.PASSED)
        other = pushed.push("acme/jwt", "1.0.1")
        if verdict != Verdict.PENDING:
            judge(other, verdict)
        publish("acme/jwt")

        assert self.read(pushed, None, other.layer.data) == (404, 404)
        assert self.read(pushed, "mallory", other.layer.data) == (404, 404)
        assert self.read(pushed, "bob", other.layer.data) == (200, 200)

    def test_readers_keep_a_blob_that_another_passed_manifest_names(self, pushed: Client) -> None:
        passed = image()
        judge(pushed.push("acme/jwt", "1.0.0", passed), Verdict.PASSED)
        failed = pushed.push("acme/jwt", "1.0.1")
        judge(failed, Verdict.FAILED)
        publish("acme/jwt")

        assert self.read(pushed, None, passed.layer.data) == (200, 200)

    def test_a_private_blob_is_not_found_through_another_repository(self, pushed: Client) -> None:
        pushed.push("mallory/mine", "1.0.0", who="mallory")

        answer = pushed("GET", f"/v2/mallory/mine/blobs/{sha256(CONTENT)}", who="mallory")

        assert (answer.status_code, code_of(answer)) == (404, "BLOB_UNKNOWN")

    def test_an_extension_that_turns_private_is_closed_at_once(self, pushed: Client) -> None:
        passed = pushed.push("acme/jwt", "1.0.0")
        judge(passed, Verdict.PASSED)
        publish("acme/jwt")
        before = self.read(pushed, None, passed.layer.data)
        publish("acme/jwt", visibility="private")

        assert before == (200, 200)
        assert self.read(pushed, None, passed.layer.data) == (401, 401)
        assert self.read(pushed, "mallory", passed.layer.data) == (404, 404)


@pytest.mark.parametrize("digest", ["sha256:beef", "sha512:" + "0" * 64, "md5:" + "0" * 32, "x"])
def test_a_digest_that_is_none_is_refused(pushed: Client, digest: str) -> None:
    answer = pushed("GET", f"/v2/acme/jwt/blobs/{digest}")

    assert (answer.status_code, code_of(answer)) == (400, "DIGEST_INVALID")


@pytest.mark.parametrize("guards", [False, True])
@pytest.mark.parametrize("content", [b"", b"{}", bytes(3_000_000)])
def test_any_size_is_sent_whole_from_any_store(
    registry: Client, content: bytes, guards: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FilesystemStore, "guards", guards)
    registry.push_blob("acme/jwt", content)

    answers = [registry("GET", f"/v2/acme/jwt/blobs/{sha256(content)}") for _ in range(2)]

    assert [answer.content for answer in answers] == [content, content]
    assert {answer.headers["content-length"] for answer in answers} == {str(len(content))}


class TestADamagedStore:
    def file(self, store_folder: Path) -> Path:
        (found,) = [each for each in (store_folder / "sha256").rglob("*") if each.is_file()]
        return found

    def test_never_makes_wrong_bytes_a_complete_answer(
        self, pushed: Client, store_folder: Path
    ) -> None:
        self.file(store_folder).write_bytes(CONTENT[:-1] + b"!")

        answer = pushed("GET", BLOB)

        assert (answer.status_code, code_of(answer)) == (500, "UNKNOWN")

    def test_breaks_the_connection_when_it_has_begun_to_send(
        self, registry: Client, store_folder: Path
    ) -> None:
        content = bytes(3_000_000)
        registry.push_blob("acme/jwt", content)
        self.file(store_folder).write_bytes(content[:-1] + b"!")

        with pytest.raises(RuntimeError) as broken:
            registry("GET", f"/v2/acme/jwt/blobs/{sha256(content)}")

        assert isinstance(broken.value.__cause__, ContentError)

    def test_says_that_what_is_lost_is_unknown_so_that_it_is_pushed_again(
        self, pushed: Client, store_folder: Path
    ) -> None:
        self.file(store_folder).unlink()

        headed = pushed("HEAD", BLOB)
        pushed.push_blob("acme/jwt", CONTENT)

        assert headed.status_code == 404
        assert pushed("GET", BLOB).content == CONTENT

    def test_is_mended_by_a_push(self, pushed: Client, store_folder: Path) -> None:
        self.file(store_folder).write_bytes(CONTENT[:100])

        headed = pushed("HEAD", BLOB)
        pushed.push_blob("acme/jwt", CONTENT)

        assert headed.status_code == 404
        assert pushed("GET", BLOB).content == CONTENT
