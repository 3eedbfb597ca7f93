"""
Attacks that other registries fell for, as far as no test elsewhere makes them.

Reference: registry.md, "Bugs not to repeat". Each name says what must hold.
"""

from __future__ import annotations

import base64
import json
import secrets
import socket
import time

import pytest

from tests import filters
from tests.conformance.wire import Connection, Repo, chunked, digest_of, send, token_of
from tests.live import Hub, unique
from tests.registry.driving import OCI_MANIFEST, basic, code_of

# What readers may still see after a change: two seconds, and what a busy machine adds.
STALE_SECONDS = 3.0


class TestARegistryToken:
    """CVE-2026-123710 of Quay: a token with somebody else's audience was good elsewhere."""

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/api/v1/extensions/{path}"),
            ("PATCH", "/api/v1/extensions/{path}"),
            ("DELETE", "/api/v1/extensions/{path}"),
            ("GET", "/download/{path}/" + "0" * 64 + ".wasm"),
            ("GET", "/api/users/current"),
        ],
    )
    def test_opens_nothing_outside_v2(self, repo: Repo, method: str, path: str) -> None:
        answer = repo(method, path.format(path=repo.path))

        assert answer.status_code == 401

    @pytest.mark.parametrize("service", ["evil.example", "", "x" * 2000])
    def test_is_for_us_whatever_service_is_asked_for(self, hub: Hub, service: str) -> None:
        answer = send(hub, "GET", f"/token?service={service}")

        body = answer.json()["token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        assert (claims["aud"], claims["sub"]) == (hub.host, "")


class TestADeletedBlob:
    """CVE-2026-35172 of distribution: a cache answered for what was deleted."""

    def test_is_gone_here_and_stays_where_it_is_linked(self, repo: Repo) -> None:
        content = secrets.token_bytes(300)
        target = f"blobs/{repo.push_blob(content)}"
        other, third = (Repo(repo.hub, f"alice/{unique('wire')}") for _ in range(2))
        other.push_blob(content)
        third.push_blob(b"another")

        def read() -> list[int]:
            asked = [(each, method) for each in (repo, other, third) for method in ("GET", "HEAD")]
            return [each(method, target).status_code for each, method in asked]

        linked = read()
        repo("DELETE", target)
        deleted_here = read()
        other("DELETE", target)
        deleted_there = read()
        other.close()
        third.close()

        assert linked == [200, 200, 200, 200, 404, 404]
        assert deleted_here == [404, 404, 200, 200, 404, 404]
        assert deleted_there == [404] * 6


def test_what_turns_private_is_closed_within_two_seconds(hub: Hub) -> None:
    """CVE-2026-35172 again, after a change of visibility."""
    path = f"alice/{unique('wire')}"
    hub.upload(path, "1.0.0", filters.hello(), visibility="public")
    digest = hub.wait_for_verdict(path, "1.0.0")["digest"]
    anybody, mallory = (token_of(hub, who, f"repository:{path}:pull") for who in (None, "mallory"))
    manifest = json.loads(send(hub, "GET", f"/v2/{path}/manifests/1.0.0", token=anybody).content)
    targets = [f"manifests/{digest}", "tags/list", f"blobs/{manifest['layers'][-1]['digest']}"]

    def read() -> set[tuple[int, int]]:
        return {
            (
                send(hub, "GET", f"/v2/{path}/{target}", token=anybody).status_code,
                send(hub, "GET", f"/v2/{path}/{target}", token=mallory).status_code,
            )
            for target in targets
        }

    before = read()
    hub.api("PATCH", f"/extensions/{path}", who="alice", json={"visibility": "private"})
    changed = time.monotonic()
    while (after := read()) != {(401, 404)} and time.monotonic() < changed + STALE_SECONDS:
        time.sleep(0.05)

    assert before == {(200, 200)}
    assert after == {(401, 404)}


@pytest.fixture(scope="module")
def mallory(repo: Repo) -> str:
    """Return a token for the repository by somebody who may not read there."""
    return token_of(repo.hub, "mallory", f"repository:{repo.path}:pull")


class TestAnOddPath:
    """CVE-2020-29662 of Harbor and CVE-2026-42018 of Artifactory, through the real server."""

    @pytest.mark.parametrize(
        "target",
        [
            "/v2/{path}/tags/list/",
            "/v2/{path}//tags/list",
            "//v2/{path}/tags/list",
            "/v2//{path}/tags/list",
            "/v2/%2e%2e/v2/{path}/tags/list",
            "/v2/../v2/{path}/tags/list",
            "/v2/x/%2e%2e/{path}/tags/list",
            "/v2/./{path}/tags/list",
            "/%76%32/{path}/tags/list",
            "/V2/{path}/tags/list",
            "/v2/{path};x/tags/list",
            "/v2/{path}%20/tags/list",
            "/v2/{path}%00/tags/list",
            "/v2/{path}%0d%0aX-Evil:%201/tags/list",
            "/v2/{path}%2ftags%2flist",
            "/v2/{path}%252ftags/list",
            "/v2/{path}/tags/list%3fn=1",
            "/v2/{path}/TAGS/list",
            "/v2/ALICE/../{path}/tags/list",
            "http://evil.example/v2/{path}/tags/list",
        ],
    )
    def test_is_no_way_around_the_rights(self, repo: Repo, mallory: str, target: str) -> None:
        assert repo("GET", "tags/list").status_code == 200
        for token in ("", mallory):
            with Connection(repo.hub) as connection:
                connection.head("GET", target.format(path=repo.path), token=token)
                answer = connection.read()

            assert answer.status in {400, 401, 404}
            assert "Location" not in answer.headers
            assert "X-Evil" not in answer.headers


class TestAmbiguousFraming:
    """CVE-2024-1135 and CVE-2024-6827: two readers of one request see two requests."""

    BODY = b"12345"

    @pytest.mark.parametrize(
        "lines",
        [
            ("Content-Length: 5", "Transfer-Encoding: chunked"),
            ("Transfer-Encoding: chunked", "Content-Length: 5"),
            ("Content-Length: 5", "Content-Length: 6"),
            ("Content-Length: 5, 6",),
            ("Content-Length: +5",),
            ("Content-Length: -5",),
            ("Content-Length: 0x5",),
            ("Content-Length: 5 5",),
            ("Content-Length:",),
            ("Content-Length : 5",),
            ("Content-Length: " + "9" * 30,),
            ("Transfer-Encoding: xchunked",),
            ("Transfer-Encoding: chunked, identity",),
            ("Transfer-Encoding: identity, chunked", "Content-Length: 5"),
            ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
            ("X: a\r\n Content-Length: 5", "Transfer-Encoding:\x0bchunked"),
            ("X: a\rContent-Length: 5",),
        ],
    )
    def test_is_refused_and_stores_nothing(self, repo: Repo, lines: tuple[str, ...]) -> None:
        where = repo.begin()

        with Connection(repo.hub) as connection:
            # Whatever a server reads of the body, this one would take it.
            connection.head("PATCH", where, *lines, token=repo.token)
            is_chunked = any("Transfer-Encoding" in line for line in lines)
            connection.send(b"".join(chunked(self.BODY)) if is_chunked else self.BODY)
            answer = connection.read()

        finished = repo("PUT", f"{where}?digest={digest_of(self.BODY)}", content=self.BODY)

        assert answer.status == 400
        assert finished.status_code == 201


def test_what_is_private_is_kept_by_no_cache(repo: Repo) -> None:
    """CVE-2021-23336 and its kind: one visitor's answer is served to another."""
    digest = repo.push_blob(b"private")

    for target in ("/v2/", "tags/list", f"blobs/{digest}", f"referrers/{digest}", "manifests/x"):
        for answer in (repo("GET", target), repo("HEAD", target)):
            assert "no-store" in answer.headers["cache-control"], target
            assert "Authorization" in answer.headers["vary"], target


def test_urls_of_a_layer_are_never_followed(fresh: Repo) -> None:
    """CVE-2020-15157 and its kind: not by the registry, and not by the worker that judges."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = b'{"rootfs": {"type": "layers", "diff_ids": []}}'
        layer = {
            "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            "digest": digest_of(secrets.token_bytes(9)),
            "size": 9,
            "urls": [f"http://127.0.0.1:{listener.getsockname()[1]}/layer"],
        }
        fresh.push_blob(config)
        described = {"mediaType": "application/vnd.oci.image.config.v1+json"}
        image = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {**described, "digest": digest_of(config), "size": len(config)},
            "layers": [layer],
            "annotations": {"module.wasm.image/variant": "compat"},
        }

        pushed = fresh.put_manifest("1.0.0", json.dumps(image).encode())
        verdict = fresh.hub.wait_for_verdict(fresh.path, "1.0.0")["verdict"]
        read = fresh("GET", f"blobs/{layer['digest']}")

        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert (pushed.status_code, verdict) == (201, "failed")
    assert (read.status_code, code_of(read)) == (404, "BLOB_UNKNOWN")


def test_no_secret_is_logged_or_kept(hub: Hub, repo: Repo) -> None:
    """CVE-2025-48374 of zot, CVE-2026-18255 and CVE-2026-105447 of Quay."""
    wrong = "whub_" + secrets.token_hex(20)
    login = basic("alice", hub.tokens["alice"])
    kept = send(hub, "GET", "/token?offline_token=true", headers=login).json()["refresh_token"]
    send(hub, "GET", "/token", headers=basic("alice", wrong))
    send(hub, "GET", "/v2/", token=wrong)
    repo.push_blob(b"by a token")
    hidden = [hub.tokens["alice"], kept, wrong, repo.token, login["Authorization"][6:]]

    seen = hub.log.read_text() + hub.manage("dumpdata", "--all")

    assert '"username": "alice"' in seen  # so the dump is one
    assert [secret for secret in hidden if secret in seen] == []
