"""Answers to requests that never reach Django."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope, Send


class RefusedError(Exception):
    """The request is answered right here; ``code`` is one of /docs/errors/."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code


async def refuse(scope: Scope, send: Send, refusal: RefusedError) -> None:
    """Answer without Django: a problem document for programs, a sentence for people."""
    if scope["path"].startswith("/api/"):
        media_type, content = b"application/problem+json", _document(refusal)
    else:
        media_type, content = b"text/html; charset=utf-8", _page(refusal)
    headers = [
        (b"content-type", media_type),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"private, no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'"),
        # What is left of the body is not worth reading.
        (b"connection", b"close"),
    ]
    if refusal.status == 401:  # noqa: PLR2004 - the number is explained here
        headers.append((b"www-authenticate", b'Bearer realm="WebAssembly Hub"'))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _document(refusal: RefusedError) -> bytes:
    return json.dumps(
        {
            "type": f"/docs/errors/{refusal.code}",
            "title": refusal.code.replace("-", " ").capitalize(),
            "status": refusal.status,
            "code": refusal.code,
            "detail": str(refusal),
        }
    ).encode()


def _page(refusal: RefusedError) -> bytes:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>WebAssembly Hub</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<main><h1>That did not work</h1><p>{refusal}</p>"
        f'<p><a href="/docs/errors/{refusal.code}">More about this</a> · '
        '<a href="/">Go to the first page</a></p></main></html>'
    ).encode()
