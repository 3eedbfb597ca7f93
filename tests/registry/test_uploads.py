"""Uploads: every way in which clients send a blob, and what must not become one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Membership
from catalog.models import Verdict
from core.content import ContentError, Kept, commit
from registry import receiving
from registry.errors import UploadUnknownError
from registry.models import BlobLink, Upload
from registry.services import advance_upload, expire_uploads
from registry.stores.filesystem import FilesystemStore
from tests.registry.driving import (
    DATABASE,
    Client,
    actor,
    code_of,
    exchange,
    judge,
    publish,
    sha256,
)

pytestmark = DATABASE

REPOSITORY = "/v2/acme/jwt"
NEVER_WAS = "6f1c0d5e-5d0c-4d0e-9a44-0c6b8f6a3f10"
CONTENT = bytes(range(256)) * 8


@pytest.fixture
def begun(registry: Client) -> str:
    """Begin an upload and return its Location."""
    answer = registry("POST", f"{REPOSITORY}/blobs/uploads/")
    assert answer.status_code == 202
    assert answer.content == b""
    return answer.headers["location"]


def patch(registry: Client, where: str, content: bytes, content_range: str = "") -> httpx.Response:
    headers = {"Content-Range": content_range} if content_range else {}
    return registry("PATCH", where, headers=headers, content=content)


def put(registry: Client, where: str, content: bytes = b"", *, digest: str) -> httpx.Response:
    return registry("PUT", f"{where}?digest={digest}", content=content)


def assert_is_there(registry: Client, answer: httpx.Response, content: bytes) -> None:
    assert answer.status_code == 201, answer.text
    assert answer.headers["docker-content-digest"] == sha256(content)
    assert answer.headers["location"] == f"{REPOSITORY}/blobs/{sha256(content)}"
    assert registry("GET", answer.headers["location"]).content == content


def assert_nothing_is_there(registry: Client, content: bytes, store_folder: Path) -> None:
    answer = registry("HEAD", f"{REPOSITORY}/blobs/{sha256(content)}")
    assert answer.status_code == 404
    assert [path for path in store_folder.rglob("*") if path.is_file()] == []
    assert not BlobLink.objects.exists()


class TestABlobArrives:
    def test_in_one_post(self, registry: Client) -> None:
        answer = registry.push_blob("acme/jwt", CONTENT)

        assert_is_there(registry, answer, CONTENT)
        assert not Upload.objects.exists()

    def test_in_a_post_and_a_put(self, registry: Client, begun: str) -> None:
        answer = put(registry, begun, CONTENT, digest=sha256(CONTENT))

        assert_is_there(registry, answer, CONTENT)

    def test_in_chunks_with_the_last_one_in_the_put(self, registry: Client, begun: str) -> None:
        first = patch(registry, begun, CONTENT[:1000], "0-999")
        second = patch(registry, first.headers["location"], CONTENT[1000:2000], "1000-1999")
        answer = registry(
            "PUT",
            f"{second.headers['location']}?digest={sha256(CONTENT)}",
            headers={"Content-Range": "2000-2047"},
            content=CONTENT[2000:],
        )

        assert (first.status_code, first.headers["range"]) == (202, "0-999")
        assert (second.status_code, second.headers["range"]) == (202, "0-1999")
        assert_is_there(registry, answer, CONTENT)

    def test_with_the_hash_that_its_store_checks_it_by(
        self, registry: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def commit_and_know(upload: str, sha256: str) -> Kept:
            return commit(upload, sha256)._replace(blake3="b" * 64)

        monkeypatch.setattr("registry.services.uploads.commit", commit_and_know)
        registry.push_blob("acme/jwt", CONTENT)
        mount = f"/v2/acme/other/blobs/uploads/?mount={sha256(CONTENT)}&from=acme/jwt"
        registry("POST", mount, also="repository:acme/jwt:pull")

        assert [link.blake3 for link in BlobLink.objects.all()] == ["b" * 64] * 2

    def test_in_a_stream_without_a_length(self, registry: Client, begun: str) -> None:
        async def stream() -> AsyncIterator[bytes]:
            for start in range(0, len(CONTENT), 100):
                yield CONTENT[start : start + 100]

        answer = registry("PATCH", begun, content=stream())
        closed = put(registry, answer.headers["location"], digest=sha256(CONTENT))

        assert (answer.status_code, answer.headers["range"]) == (202, "0-2047")
        assert_is_there(registry, closed, CONTENT)

    @pytest.mark.parametrize("content", [b"", b"{}", b"x" * (3 * 1024 * 1024 + 1)])
    def test_of_any_size(self, registry: Client, content: bytes) -> None:
        answer = registry.push_blob("acme/jwt", content)

        assert_is_there(registry, answer, content)

    def test_twice(self, registry: Client) -> None:
        registry.push_blob("acme/jwt", CONTENT)

        answer = registry.push_blob("acme/jwt", CONTENT)

        assert_is_there(registry, answer, CONTENT)

    @pytest.mark.parametrize("name", ["blobs", "uploads", "manifests", "tags", "list"])
    def test_in_an_extension_named_like_a_part_of_the_api(
        self, registry: Client, name: str
    ) -> None:
        answer = registry.push_blob(f"acme/{name}", CONTENT)

        assert registry("GET", answer.headers["location"]).content == CONTENT
        assert registry("GET", f"/v2/acme/{name}/tags/list").json()["tags"] == []


class TestAMount:
    def mount(self, registry: Client, who: str, source: str, *, digest: str = "") -> httpx.Response:
        query = f"mount={digest or sha256(CONTENT)}&from={source}"
        also = f"repository:{source}:pull"
        path = f"/v2/{who}/copy/blobs/uploads/?{query}"
        return registry("POST", path, who=who, also=also)

    def test_links_what_the_actor_may_read(self, registry: Client) -> None:
        registry.push_blob("acme/jwt", CONTENT)

        answer = self.mount(registry, "alice", "acme/jwt")

        assert answer.status_code == 201
        assert registry("GET", answer.headers["location"]).content == CONTENT

    @pytest.mark.parametrize("source", ["acme/jwt", "acme/other", "acme", ""])
    def test_of_what_the_actor_may_not_read_becomes_an_upload(
        self, registry: Client, source: str
    ) -> None:
        registry.push_blob("acme/jwt", CONTENT)

        answer = self.mount(registry, "mallory", source)

        assert answer.status_code == 202
        where = f"/v2/mallory/copy/blobs/{sha256(CONTENT)}"
        assert registry("HEAD", where, who="mallory").status_code == 404

    def test_of_what_is_missing_becomes_an_upload(self, registry: Client) -> None:
        registry.push_blob("acme/jwt", CONTENT)

        answer = self.mount(registry, "alice", "acme/jwt", digest=sha256(b"other"))

        assert answer.status_code == 202

    def test_needs_a_token_that_was_asked_for_the_source(self, registry: Client) -> None:
        registry.push_blob("acme/jwt", CONTENT)
        query = f"mount={sha256(CONTENT)}&from=acme/jwt"

        member = registry("POST", f"/v2/alice/copy/blobs/uploads/?{query}")
        stranger = registry("POST", f"/v2/mallory/copy/blobs/uploads/?{query}", who="mallory")

        assert member.status_code == 401
        assert member.headers["www-authenticate"].endswith(
            'scope="repository:alice/copy:pull,push repository:acme/jwt:pull"'
        )
        assert stranger.status_code == 202


class TestOutOfOrder:
    @pytest.mark.parametrize("content_range", ["1-10", "5-14", "9-0"])
    def test_is_refused_and_tells_where_to_go_on(
        self, registry: Client, begun: str, content_range: str
    ) -> None:
        patch(registry, begun, CONTENT[:5], "0-4")
        wrong = "6-15" if content_range == "5-14" else content_range

        answer = patch(registry, begun, CONTENT[:10], wrong)
        status = registry("GET", begun)

        assert answer.status_code == 416
        assert code_of(answer) == "BLOB_UPLOAD_INVALID"
        assert answer.headers["range"] == "0-4"
        assert answer.headers["location"] == begun
        assert (status.status_code, status.headers["range"]) == (204, "0-4")
        assert status.headers["location"] == begun

    def test_leaves_the_upload_fit_to_go_on(self, registry: Client, begun: str) -> None:
        patch(registry, begun, CONTENT[:1000], "0-999")
        patch(registry, begun, CONTENT[1500:], "1500-2047")
        patch(registry, begun, CONTENT[1000:], "1000-2047")

        answer = put(registry, begun, digest=sha256(CONTENT))

        assert_is_there(registry, answer, CONTENT)

    @pytest.mark.parametrize(
        ("content_range", "code"),
        [("0-8", "SIZE_INVALID"), ("from 0 to 9", "BLOB_UPLOAD_INVALID"), ("0", None)],
    )
    def test_includes_ranges_that_say_something_else(
        self, registry: Client, begun: str, content_range: str, code: str | None
    ) -> None:
        answer = patch(registry, begun, CONTENT[:10], content_range)

        assert answer.status_code == 400
        assert code_of(answer) == (code or "BLOB_UPLOAD_INVALID")
        assert Upload.objects.get().offset == 0

    def test_includes_a_stream_that_is_not_as_long_as_announced(
        self, registry: Client, begun: str
    ) -> None:
        async def stream() -> AsyncIterator[bytes]:
            yield CONTENT[:10]

        answer = registry("PATCH", begun, headers={"Content-Range": "0-8"}, content=stream())

        assert (answer.status_code, code_of(answer)) == (400, "SIZE_INVALID")
        assert Upload.objects.get().offset == 0


class TestWrongBytes:
    def test_in_one_post_leave_nothing(self, registry: Client, store_folder: Path) -> None:
        answer = registry(
            "POST", f"{REPOSITORY}/blobs/uploads/?digest={sha256(CONTENT)}", content=b"other"
        )

        assert (answer.status_code, code_of(answer)) == (400, "DIGEST_INVALID")
        assert_nothing_is_there(registry, CONTENT, store_folder)

    def test_in_chunks_leave_nothing(
        self, registry: Client, begun: str, store_folder: Path
    ) -> None:
        patch(registry, begun, CONTENT[:1000], "0-999")

        answer = put(registry, begun, b"other", digest=sha256(CONTENT))

        assert (answer.status_code, code_of(answer)) == (400, "DIGEST_INVALID")
        assert registry("GET", begun).status_code == 404
        assert_nothing_is_there(registry, CONTENT, store_folder)

    @pytest.mark.parametrize(
        "digest", ["", "sha256:beef", "sha512:" + "0" * 64, "md5:" + "0" * 32, "x"]
    )
    def test_are_not_even_taken_under_a_digest_that_is_none(
        self, registry: Client, begun: str, digest: str
    ) -> None:
        answer = put(registry, begun, CONTENT, digest=digest)

        assert (answer.status_code, code_of(answer)) == (400, "DIGEST_INVALID")
        assert registry("GET", begun).status_code == 204


class TestAnUpload:
    def test_is_bound_to_its_repository_and_its_user(self, registry: Client, begun: str) -> None:
        patch(registry, begun, CONTENT[:5], "0-4")
        elsewhere = begun.replace("/acme/jwt/", "/acme/other/")
        registry.push_blob("acme/other", b"x")

        answers = [
            registry(method, f"{where}?digest={sha256(b'')}", who=who, content=b"")
            for where, who in [(begun, "bob"), (elsewhere, "alice")]
            for method in ("GET", "PATCH", "PUT", "DELETE")
        ]

        assert {answer.status_code for answer in answers} == {404}
        assert {code_of(answer) for answer in answers} == {"BLOB_UPLOAD_UNKNOWN"}
        assert registry("GET", begun).headers["range"] == "0-4"

    @pytest.mark.parametrize(
        "upload", ["6f1c0d5e-5d0c-4d0e-9a44-0c6b8f6a3f10", "x", "..", "%2e%2e", "%00"]
    )
    def test_that_never_was_is_unknown(self, registry: Client, upload: str) -> None:
        registry.push_blob("acme/jwt", CONTENT)

        answer = registry("GET", f"{REPOSITORY}/blobs/uploads/{upload}")

        assert answer.status_code in {400, 404}

    def test_ends_when_it_is_cancelled(
        self, registry: Client, begun: str, store_folder: Path
    ) -> None:
        patch(registry, begun, CONTENT)

        answer = registry("DELETE", begun)

        assert answer.status_code == 204
        assert registry("GET", begun).status_code == 404
        assert_nothing_is_there(registry, CONTENT, store_folder)

    def test_ends_with_the_right_to_publish(self, registry: Client, begun: str) -> None:
        registry.push_blob("acme/jwt", b"x", who="bob")
        mine = registry("POST", f"{REPOSITORY}/blobs/uploads/", who="bob").headers["location"]
        token = registry.token("bob", "repository:acme/jwt:pull,push")
        bearer = {"Authorization": f"Bearer {token}"}
        Membership.objects.filter(user__username="bob").delete()

        hidden = registry.send("PATCH", mine, headers=bearer, content=CONTENT)
        publish("acme/jwt")
        judge(registry.push("acme/jwt", "1.0.0"), Verdict.PASSED)
        seen = registry.send("PATCH", mine, headers=bearer, content=CONTENT)

        assert (hidden.status_code, code_of(hidden)) == (404, "NAME_UNKNOWN")
        assert (seen.status_code, code_of(seen)) == (403, "DENIED")

    def test_that_nobody_touches_expires(
        self, registry: Client, begun: str, store_folder: Path
    ) -> None:
        patch(registry, begun, CONTENT)
        upload = Upload.objects.get()

        expire_uploads(before=upload.touched)
        kept = Upload.objects.count()
        expire_uploads(before=upload.touched.replace(year=upload.touched.year + 1))

        assert kept == 1
        assert_nothing_is_there(registry, CONTENT, store_folder)

    def test_whose_repository_is_gone_is_over_and_leaves_nothing(
        self, registry: Client, begun: str, store_folder: Path
    ) -> None:
        patch(registry, begun, CONTENT)
        Upload.objects.all().delete()  # as the cascade from its extension does
        answer = registry("PUT", f"{begun}?digest={sha256(CONTENT)}")

        expire_uploads(before=timezone.now() + timedelta(seconds=1))

        assert (answer.status_code, code_of(answer)) == (404, "BLOB_UPLOAD_UNKNOWN")
        assert list((store_folder / "uploads").iterdir()) == []

    def test_that_ends_while_it_is_finished_links_nothing(
        self, registry: Client, begun: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        patch(registry, begun, CONTENT)

        def cancelled_meanwhile(upload: str, sha256: str) -> Kept:
            kept = commit(upload, sha256)
            Upload.objects.all().delete()
            return kept

        monkeypatch.setattr("registry.services.uploads.commit", cancelled_meanwhile)
        answer = registry("PUT", f"{begun}?digest={sha256(CONTENT)}")

        assert (answer.status_code, code_of(answer)) == (404, "BLOB_UPLOAD_UNKNOWN")
        assert not BlobLink.objects.exists()


class TestTheLimit:
    @pytest.fixture(autouse=True)
    def _limit(self, settings: Settings) -> None:
        settings.MAX_UPLOAD_BYTES = 1000

    async def endless(self) -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 100

    def test_is_known_before_the_body_is_read(self, registry: Client, store_folder: Path) -> None:
        answer = registry.push_blob("acme/jwt", b"x" * 1001)

        assert (answer.status_code, code_of(answer)) == (413, "SIZE_INVALID")
        assert answer.headers["connection"] == "close"
        assert_nothing_is_there(registry, b"x" * 1001, store_folder)

    def test_cuts_a_body_without_a_length(
        self, registry: Client, begun: str, store_folder: Path
    ) -> None:
        answer = registry("PATCH", begun, content=self.endless())

        assert (answer.status_code, code_of(answer)) == (413, "SIZE_INVALID")
        assert registry("GET", begun).status_code == 404
        assert_nothing_is_there(registry, b"", store_folder)

    def test_holds_for_all_chunks_together(self, registry: Client, begun: str) -> None:
        first = patch(registry, begun, b"x" * 600)
        second = patch(registry, begun, b"x" * 401)

        assert (first.status_code, second.status_code) == (202, 413)

    def test_is_reached_and_not_crossed(self, registry: Client) -> None:
        assert registry.push_blob("acme/jwt", b"x" * 1000).status_code == 201


def test_a_client_that_goes_away_commits_nothing(
    registry: Client, begun: str, store_folder: Path
) -> None:
    token = registry.token("alice", "repository:acme/jwt:pull,push")
    patch(registry, begun, CONTENT[:5], "0-4")
    whole = f"{begun}?digest={sha256(CONTENT)}", "PUT"
    single = f"{REPOSITORY}/blobs/uploads/?digest={sha256(CONTENT)}", "POST"

    for target, method in (whole, single, (begun, "PATCH")):
        send_and_leave(method, target, token, [CONTENT[5:], b""])

    assert registry("HEAD", f"{REPOSITORY}/blobs/{sha256(CONTENT)}").status_code == 404
    assert not BlobLink.objects.exists()
    assert registry("GET", begun).headers["range"] == "0-4"
    assert_is_there(registry, put(registry, begun, CONTENT[5:], digest=sha256(CONTENT)), CONTENT)
    assert (store_folder / "sha256").exists()


def send_and_leave(method: str, target: str, token: str, chunks: list[bytes]) -> None:
    """Send what could be a whole body, but leave before its end was said."""
    path, _, query = target.partition("?")
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
    ]
    exchange(method, path, [*messages, {"type": "http.disconnect"}], token=token, query=query)


def test_two_requests_that_append_at_once_never_mix(registry: Client, begun: str) -> None:
    upload = Upload.objects.get()
    patch(registry, begun, b"first")

    with pytest.raises(UploadUnknownError):
        advance_upload(actor=actor("alice"), upload=upload, offset=6)

    assert registry("GET", begun).headers["range"] == "0-4"


def test_a_client_that_falls_silent_is_let_go(
    registry: Client, begun: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "IDLE_SECONDS", 0.05)

    async def silent() -> AsyncIterator[bytes]:
        yield b"some"
        await asyncio.Event().wait()

    answer = registry("PATCH", begun, content=silent())

    assert (answer.status_code, code_of(answer)) == (408, "BLOB_UPLOAD_INVALID")
    assert registry("GET", begun).headers["range"] == "0-0"


def test_an_upload_outlives_a_store_that_fails(
    registry: Client, begun: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_store: object, _upload: str, _sha256: str) -> int:
        raise ContentError("The backing registry does not answer.")

    patch(registry, begun, CONTENT)
    with monkeypatch.context() as outage:
        outage.setattr(FilesystemStore, "commit", fail)
        failed = put(registry, begun, digest=sha256(CONTENT))

    assert (failed.status_code, code_of(failed)) == (500, "UNKNOWN")
    assert_is_there(registry, put(registry, begun, digest=sha256(CONTENT)), CONTENT)
