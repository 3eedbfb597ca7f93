"""A client that drives the registry app in process, for people with access tokens."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from django.db import transaction

from accounts.actors import actor_for
from accounts.models import User
from catalog.models import Extension, Manifest, Verdict
from catalog.services import Judgement, record_verdict
from core.actor import Actor
from registry.app import application
from tests.transactions import TRANSACTIONS
from wasmhub.oci import PackedImage, pack

DATABASE = TRANSACTIONS

HOST = "127.0.0.1:8000"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"

Body = bytes | AsyncIterator[bytes]


def sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def image(**annotations: str) -> PackedImage:
    """Pack a module that no other test has."""
    module = b"\0asm\x01\0\0\0\0\x09\x01a" + secrets.token_bytes(7)
    return pack(module, annotations=annotations)


@dataclass
class Client:
    """Talks to the registry for people whose access tokens it has."""

    secrets: dict[str, str] = field(default_factory=dict)
    _tokens: dict[tuple[str, ...], str] = field(default_factory=dict)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        content: Body = b"",
        host: str = HOST,
    ) -> httpx.Response:
        """Send one request without any token."""

        async def exchange() -> httpx.Response:
            transport = httpx.ASGITransport(app=application)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
                return await client.request(method, url, headers=headers, content=content)

        return asyncio.run(exchange())

    def token_answer(self, who: str | None, *scopes: str) -> httpx.Response:
        headers = basic(who, self.secrets[who]) if who else {}
        query = httpx.QueryParams([("scope", scope) for scope in scopes])
        return self.send("GET", f"/token?{query}", headers=headers)

    def token(self, who: str | None, *scopes: str) -> str:
        answer = self.token_answer(who, *scopes)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def __call__(
        self,
        method: str,
        path: str,
        *,
        who: str | None = "alice",
        headers: dict[str, str] | None = None,
        content: Body = b"",
        also: str = "",
    ) -> httpx.Response:
        """Send a request below /v2/ with a token that was asked for all actions there."""
        name = "/".join(path.split("/")[2:4])
        key = (who or "", self.secrets.get(who or "", ""), name, also)
        if key not in self._tokens:
            self._tokens[key] = self.token(who, f"repository:{name}:*", also)
        bearer = {"Authorization": f"Bearer {self._tokens[key]}"}
        return self.send(method, path, headers=bearer | (headers or {}), content=content)

    def push_blob(self, name: str, content: bytes, *, who: str = "alice") -> httpx.Response:
        """Push a blob in one request."""
        return self(
            "POST", f"/v2/{name}/blobs/uploads/?digest={sha256(content)}", who=who, content=content
        )

    def push_manifest(
        self,
        name: str,
        reference: str,
        content: bytes,
        *,
        who: str = "alice",
        media_type: str = OCI_MANIFEST,
    ) -> httpx.Response:
        return self(
            "PUT",
            f"/v2/{name}/manifests/{reference}",
            who=who,
            headers={"Content-Type": media_type},
            content=content,
        )

    def push(
        self, name: str, tag: str, packed: PackedImage | None = None, *, who: str = "alice"
    ) -> PackedImage:
        """Push an image, blobs first."""
        packed = packed or image()
        for blob in (packed.config, packed.layer):
            assert self.push_blob(name, blob.data, who=who).status_code == 201
        answer = self.push_manifest(name, tag, packed.manifest, who=who)
        assert answer.status_code == 201, answer.text
        return packed


def code_of(answer: httpx.Response) -> str:
    """Return OCI's error code of a refusal."""
    assert answer.headers["content-type"] == "application/json"
    (error,) = answer.json()["errors"]
    assert set(error) == {"code", "message", "detail"}
    assert error["message"]
    return str(error["code"])


def document(content: bytes) -> dict[str, Any]:
    return dict(json.loads(content))


def judge(packed: PackedImage, verdict: Verdict | None, *, module: bytes | None = None) -> None:
    """Do what the validation worker does at its end."""
    facts: dict[str, Any] | None = None
    if module is not None:
        facts = {"sha256": hashlib.sha256(module).hexdigest(), "size": len(module)}
    with transaction.atomic():
        manifest = Manifest.objects.get(digest=str(packed.manifest_digest))
        record_verdict(manifest=manifest, judgement=Judgement(verdict, 1, facts))


def publish(name: str, visibility: str = "public") -> None:
    """Let everybody, or others, read the extension."""
    Extension.objects.filter(name=name.partition("/")[2]).update(visibility=visibility)


def actor(name: str) -> Actor:
    return actor_for(User.objects.get(username=name))


def exchange(
    method: str, path: str, messages: list[dict[str, Any]], *, token: str = "", query: str = ""
) -> list[dict[str, Any]]:
    """Talk ASGI itself: no library tidies the path or the body. Return what was sent."""
    headers = [(b"host", HOST.encode())]
    if token:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "scheme": "http",
        "root_path": "",
    }
    left = iter(messages)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(left)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(dict(message))

    asyncio.run(application(scope, receive, send))
    return sent
