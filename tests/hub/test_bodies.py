"""What Django's half gets to see of a request, and what it never sees."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from a2wsgi import WSGIMiddleware
from pytest_django import Settings
from starlette.types import Message, Scope

from hub.bodies import WholeRequests

pytestmark = pytest.mark.single_setup

MIB = 1024 * 1024
Headers = list[tuple[bytes, bytes]]


class Site:
    """A WSGI application that notes what it was asked, behind the wrapper."""

    def __init__(self) -> None:
        self.environs: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.person: int | None = 1
        self._app = WholeRequests(WSGIMiddleware(self._answer, workers=1), who=self._who)  # type: ignore[arg-type] # a2wsgi has its own names for ASGI's types

    async def _who(self, _scope: Scope) -> int | None:
        return self.person

    def _answer(self, environ: Any, start_response: Any) -> list[bytes]:
        self.environs.append(dict(environ))
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self.bodies.append(environ["wsgi.input"].read(length))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"seen"]

    def send(
        self,
        chunks: list[bytes],
        *,
        method: str = "POST",
        path: str = "/x",
        headers: Headers | None = None,
        cut_off: bool = False,
    ) -> list[Message]:
        """Send a request in these chunks; return what was answered."""
        messages: list[Message] = [
            {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
        ]
        if cut_off:
            messages.append({"type": "http.disconnect"})
        else:
            messages.append({"type": "http.request", "body": b"", "more_body": False})
        left: Iterator[Message] = iter(messages)
        answered: list[Message] = []

        async def receive() -> Message:
            return next(left)

        async def send(message: Message) -> None:
            answered.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": headers or [],
            "root_path": "",
        }
        asyncio.run(self._app(scope, receive, send))
        self.left = list(left)
        return answered


def length_of(content: bytes) -> Headers:
    return [(b"content-length", str(len(content)).encode())]


@pytest.fixture(autouse=True)
def spool(settings: Settings, tmp_path: Path) -> Path:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    settings.MAX_UPLOAD_BYTES = 10 * MIB
    return tmp_path


@pytest.mark.parametrize("size", [0, 1, MIB, MIB + 1, 2 * MIB])
@pytest.mark.parametrize("stated", [True, False])
def test_a_body_arrives_whole_with_and_without_a_length(size: int, stated: bool) -> None:
    site = Site()
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    headers = length_of(body) if stated else [(b"transfer-encoding", b"chunked")]

    chunks = [body[start : start + 70_000] for start in range(0, size, 70_000)]
    site.send(chunks, headers=headers)

    assert site.bodies == [body]
    assert site.environs[0]["CONTENT_LENGTH"] == str(size)
    assert "HTTP_TRANSFER_ENCODING" not in site.environs[0]


def test_a_request_that_is_cut_off_is_dropped() -> None:
    site = Site()
    body = b"x" * 100

    nothing = site.send([body], headers=length_of(body), cut_off=True)
    short = site.send([body[:50]], headers=length_of(body))

    assert nothing == []
    assert short == []
    assert site.bodies == []


@pytest.mark.parametrize(
    ("path", "method", "limit"),
    [
        ("/x", "POST", 2 * MIB),
        ("/new", "PUT", 2 * MIB),
        ("/new/x", "POST", 2 * MIB),
        ("/api/v1/extensions/acme/jwt", "PATCH", 2 * MIB),
        ("/new", "POST", 11 * MIB),
        ("/api/v1/extensions/acme/jwt/releases", "POST", 11 * MIB),
    ],
)
def test_each_route_has_its_limit(path: str, method: str, limit: int) -> None:
    site = Site()
    fits, over = b"x" * limit, b"x" * (limit + 1)

    site.send([fits], path=path, method=method)
    refused = site.send([over], path=path, method=method)

    assert [len(body) for body in site.bodies] == [limit]
    assert refused[0]["status"] == 413


def test_a_length_over_the_limit_is_refused_before_the_body_is_read() -> None:
    site = Site()

    answered = site.send([b"x"], headers=[(b"content-length", b"99999999")])

    assert answered[0]["status"] == 413
    assert (b"connection", b"close") in answered[0]["headers"]
    assert len(site.left) == 2
    assert site.bodies == []


def test_an_upload_by_nobody_is_refused_before_the_body_is_read() -> None:
    site = Site()
    site.person = None

    small = site.send([b"x" * 100], path="/new")
    stated = site.send([], path="/new", headers=[(b"content-length", b"3000000")])
    streamed = site.send([b"x" * MIB] * 9, path="/api/v1/extensions/acme/jwt/releases")

    assert small[0]["status"] == 200  # the app says it better
    assert [stated[0]["status"], streamed[0]["status"]] == [401, 401]
    assert (b"www-authenticate", b'Bearer realm="WebAssembly Hub"') in streamed[0]["headers"]
    assert b'"code": "not-signed-in"' in streamed[1]["body"]
    assert len(site.left) > 6
    assert len(site.bodies) == 1


def test_one_person_has_so_many_uploads_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.bodies.UPLOADS_AT_A_TIME", 0)
    site = Site()

    refused = site.send([b"x"], path="/new")
    elsewhere = site.send([b"x"])
    monkeypatch.setattr("hub.bodies.UPLOADS_AT_A_TIME", 1)
    one_by_one = [site.send([b"x"], path="/new")[0]["status"] for _ in range(2)]

    assert [refused[0]["status"], elsewhere[0]["status"]] == [429, 200]
    assert one_by_one == [200, 200]


def test_a_refusal_is_a_page_for_people_and_a_document_for_programs() -> None:
    site = Site()
    headers = [(b"content-length", b"99999999")]

    page = site.send([], headers=headers)
    document = site.send([], headers=headers, path="/api/v1/search")

    assert b"<h1>" in page[1]["body"]
    assert b"at most" in page[1]["body"]
    assert (b"content-type", b"application/problem+json") in document[0]["headers"]
    assert b'"code": "too-large"' in document[1]["body"]


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-length", b"1"), (b"content-length", b"2")],
        [(b"content-length", b"1"), (b"transfer-encoding", b"chunked")],
        [(b"content-length", b"-1")],
        [(b"content-length", b"+1")],
        [(b"content-length", b"")],
        [(b"content-length", b"1, 1")],
        [(b"content-length", b"9" * 5000)],
    ],
)
def test_a_length_that_can_be_read_in_two_ways_is_refused(headers: Headers) -> None:
    site = Site()

    answered = site.send([b"x"], headers=headers)

    assert answered[0]["status"] == 400
    assert site.bodies == []


def test_a_header_with_an_underscore_does_not_pass_for_another() -> None:
    site = Site()

    site.send([], headers=[(b"x_forwarded_for", b"6.6.6.6"), (b"x-real", b"1"), (b"_", b"2")])

    assert site.environs[0]["HTTP_X_REAL"] == "1"
    assert "HTTP_X_FORWARDED_FOR" not in site.environs[0]


def test_nothing_of_a_body_stays_behind(spool: Path) -> None:
    site = Site()

    site.send([b"x" * (2 * MIB)])
    site.send([b"x" * (2 * MIB)], cut_off=True)

    assert list(spool.iterdir()) == []
