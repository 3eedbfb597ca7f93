"""
The requests of an unmodified ``wasme`` 0.0.33, byte for byte as it sent them, on both set-ups.

No package registry carries that tool any more. The real one, built from its source, signed in,
pushed, listed, searched and pulled here when these requests were written down.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
from http.client import HTTPResponse
from typing import Any
from urllib.parse import quote_plus

import pytest

from tests import filters
from tests.live import Hub, unique


class Wasme:
    """Sends the bytes that wasme sent, with the names and secrets of this hub in them."""

    def __init__(self, hub: Hub) -> None:
        self._host = hub.host
        self._port = hub.port

    def http(self, line: str, *headers: str, body: bytes = b"") -> tuple[HTTPResponse, bytes]:
        """Send a request as Go's client does, which is what wasme and its OCI library are."""
        lines = [f"{line} HTTP/1.1", f"Host: {self._host}", *headers, "", ""]
        with socket.create_connection(("127.0.0.1", self._port), timeout=30) as connection:
            connection.sendall("\r\n".join(lines).encode() + body)
            answer = HTTPResponse(connection, method=line.split(maxsplit=1)[0])
            answer.begin()
            return answer, answer.read()

    def list(self, line: str) -> Any:
        answer, content = self.http(line, "User-Agent: Go-http-client/1.1", "Accept-Encoding: gzip")
        assert answer.status == 200
        return json.loads(content)

    def token(self, challenge: str, who: str, secret: str) -> str:
        """Do what its OCI library does about a challenge: POST a form to the realm."""
        said = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        form = (
            f"client_id=containerd-client&grant_type=password&password={quote_plus(secret)}"
            f"&scope={quote_plus(said['scope'])}&service={quote_plus(said['service'])}"
            f"&username={who}"
        ).encode()
        answer, content = self.http(
            "POST " + said["realm"].split(self._host)[1],
            "User-Agent: Go-http-client/1.1",
            f"Content-Length: {len(form)}",
            "Content-Type: application/x-www-form-urlencoded; charset=utf-8",
            "Accept-Encoding: gzip",
            body=form,
        )
        assert answer.status == 200
        return str(json.loads(content)["access_token"])


CONTAINERD = "User-Agent: containerd/1.3.2+unknown"
CONFIG_TYPE = "application/vnd.module.wasm.config.v1+json"
CONTENT_TYPE = "application/vnd.module.wasm.content.layer.v1+wasm"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG = (
    b'{"type":"envoy_proxy","abiVersions":["v0-4689a30309abf31aee9ae36e73d34b1bb182685f",'
    b'"v0.2.1"],"config":{"rootIds":["hello"]}}'
)
ANY_MANIFEST = (
    "Accept: application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    f"{MANIFEST_TYPE}, application/vnd.oci.image.index.v1+json, */*"
)


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def descriptor(kind: str, content: bytes, title: str) -> str:
    return (
        f'{{"mediaType":"{kind}","digest":"{digest(content)}","size":{len(content)},'
        f'"annotations":{{"org.opencontainers.image.title":"{title}"}}}}'
    )


def manifest_of(module: bytes) -> bytes:
    """Return the manifest that wasme writes: the config is also layer 0."""
    config = descriptor(CONFIG_TYPE, CONFIG, "runtime-config.json")
    content = descriptor(CONTENT_TYPE, module, "filter.wasm")
    return (
        f'{{"schemaVersion":2,"config":{config},"layers":[{config},{content}],"annotations":'
        '{"module.wasm.runtime/abi_version":"v0-4689a30309abf31aee9ae36e73d34b1bb182685f,v0.2.1",'
        '"module.wasm.runtime/type":"envoy_proxy"}}'
    ).encode()


@pytest.fixture
def wasme(hub: Hub) -> Wasme:
    return Wasme(hub)


@pytest.fixture
def listed(hub: Hub) -> str:
    """Return the path of a public extension of alice's with one release."""
    path = f"alice/{unique('wasme')}"
    hub.upload(path, "1.0.0", filters.hello(), visibility="public")
    hub.wait_for_verdict(path, "1.0.0")
    hub.wait_until_found(path.partition("/")[2], path)
    return path


def push(hub: Hub, wasme: Wasme, path: str, module: bytes) -> bytes:
    """Push as ``wasme push`` does: the config twice, each blob asked for first."""
    pinged, _ = wasme.http("GET /v2/", "User-Agent: Go-http-client/1.1", "Accept-Encoding: gzip")
    assert pinged.status == 401
    blobs = [(CONFIG_TYPE, CONFIG), (CONTENT_TYPE, module), (CONFIG_TYPE, CONFIG)]
    asked = f"HEAD /v2/{path}/blobs/{digest(CONFIG)}"
    refused, _ = wasme.http(asked, CONTAINERD, f"Accept: {CONFIG_TYPE}, */*")
    assert refused.status == 401
    challenge = refused.getheader("WWW-Authenticate") or ""
    token = wasme.token(challenge, "alice", hub.tokens["alice"])
    bearer = f"Authorization: Bearer {token}"
    uploads = []
    for kind, content in blobs:
        asked = f"HEAD /v2/{path}/blobs/{digest(content)}"
        known, _ = wasme.http(asked, CONTAINERD, f"Accept: {kind}, */*", bearer)
        assert known.status == 404
        begun, _ = wasme.http(
            f"POST /v2/{path}/blobs/uploads/",
            *(CONTAINERD, "Content-Length: 0", bearer, "Accept-Encoding: gzip"),
        )
        assert begun.status == 202
        uploads.append((begun.getheader("Location"), content))
    for place, content in uploads:
        stored, _ = wasme.http(
            f"PUT {place}?digest={quote_plus(digest(content))}",
            *(CONTAINERD, f"Content-Length: {len(content)}", bearer, "Accept-Encoding: gzip"),
            body=content,
        )
        assert stored.status == 201
    manifest = manifest_of(module)
    absent, _ = wasme.http(
        f"HEAD /v2/{path}/manifests/1.0.0", CONTAINERD, f"Accept: {MANIFEST_TYPE}, */*", bearer
    )
    pushed, _ = wasme.http(
        f"PUT /v2/{path}/manifests/1.0.0",
        *(CONTAINERD, f"Content-Length: {len(manifest)}", bearer),
        *(f"Content-Type: {MANIFEST_TYPE}", "Accept-Encoding: gzip"),
        body=manifest,
    )
    assert (absent.status, pushed.status) == (404, 201)
    return manifest


def test_its_login_reads_the_current_user(hub: Hub, wasme: Wasme) -> None:
    secret = base64.b64encode(f"alice:{hub.tokens['alice']}".encode()).decode()

    answer, content = wasme.http(
        "GET /api/users/current",
        "User-Agent: Go-http-client/1.1",
        f"Authorization: Basic {secret}",
        "Accept-Encoding: gzip",
    )

    assert answer.status == 200
    assert json.loads(content)["username"] == "alice"


def test_its_lists_walk_from_projects_to_tags(hub: Hub, wasme: Wasme, listed: str) -> None:
    projects = wasme.list("GET /api/projects")
    names = [
        row["name"]
        for project in projects
        for row in wasme.list(f"GET /api/repositories?project_id={project['project_id']}")
    ]
    tags = wasme.list(f"GET /api/repositories/{listed}/tags?detail=true")

    assert listed in names
    assert [tag["name"] for tag in tags] == ["1.0.0"]


def test_its_search_does_not_escape_what_was_typed(hub: Hub, wasme: Wasme, listed: str) -> None:
    name = listed.partition("/")[2]

    found = wasme.list(f'GET /api/search?q={name}"<>%')["repository"]

    assert listed in [row["repository_name"] for row in found]


def test_its_push_is_accepted_and_judged_and_can_be_pulled(hub: Hub, wasme: Wasme) -> None:
    path, module = f"alice/{unique('form-c')}", filters.hello()

    manifest = push(hub, wasme, path, module)
    release = hub.wait_for_verdict(path, "1.0.0")
    hub.api("PATCH", f"/extensions/{path}", who="alice", json={"visibility": "public"})

    assert release["verdict"] == "passed"
    assert release["digest"] == digest(manifest)
    assert release["module_sha256"] == hashlib.sha256(module).hexdigest()
    assert pull(wasme, path) == (manifest, CONFIG, module)


def pull(wasme: Wasme, path: str) -> tuple[bytes, bytes, bytes]:
    """Pull as ``wasme pull`` does without credentials; return manifest, config and module."""
    asked = f"HEAD /v2/{path}/manifests/1.0.0"
    refused, _ = wasme.http(asked, CONTAINERD, ANY_MANIFEST)
    said = dict(re.findall(r'(\w+)="([^"]*)"', refused.getheader("WWW-Authenticate") or ""))
    scope, service = quote_plus(said["scope"]), quote_plus(said["service"])
    token = wasme.list(f"GET /token?scope={scope}&service={service}")["token"]
    bearer = f"Authorization: Bearer {token}"
    resolved, _ = wasme.http(asked, CONTAINERD, ANY_MANIFEST, bearer)
    found = [resolved.getheader("Docker-Content-Digest") or ""]
    assert resolved.getheader("Content-Type") == MANIFEST_TYPE
    accept = [f"Accept: {MANIFEST_TYPE}, */*", bearer, "Accept-Encoding: gzip"]
    _, manifest = wasme.http(f"GET /v2/{path}/manifests/{found[0]}", CONTAINERD, *accept)
    parts = []
    for layer in json.loads(manifest)["layers"]:
        accept[0] = f"Accept: {layer['mediaType']}, */*"
        _, part = wasme.http(f"GET /v2/{path}/blobs/{layer['digest']}", CONTAINERD, *accept)
        parts.append(part)
    return manifest, parts[0], parts[1]
