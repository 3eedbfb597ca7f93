"""Uploads over the limit, with and without a length."""

from __future__ import annotations

import socket

import httpx

from tests import filters
from tests.live import Hub, unique

LIMIT = 3_000_000


def begin(hub: Hub, client: httpx.Client, path: str) -> str:
    """Begin a blob upload as a client does and return its address."""
    token = client.get(
        "/token",
        params={"service": hub.host, "scope": f"repository:{path}:pull,push"},
        auth=("alice", hub.tokens["alice"]),
        headers={"Authorization": ""},
    ).json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"
    answer = client.post(f"/v2/{path}/blobs/uploads/", headers={"Content-Length": "0"})
    assert answer.status_code == 202
    return answer.headers["location"]


def head_only(hub: Hub, line: str, authorization: str) -> str:
    """Announce a body far over the limit, send none of it, and return the answer's first line."""
    connection = socket.create_connection(("127.0.0.1", hub.port), timeout=10)
    head = (
        f"{line} HTTP/1.1\r\nHost: {hub.host}\r\nAuthorization: {authorization}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {10 * LIMIT}\r\n\r\n"
    )
    connection.sendall(head.encode())
    answer = connection.recv(4096).decode()
    connection.close()
    return answer.splitlines()[0]


def stream_over(hub: Hub, location: str, authorization: str) -> str:
    """Stream a little more than the limit, without a length, and return the answer."""
    connection = socket.create_connection(("127.0.0.1", hub.port), timeout=30)
    head = (
        f"PATCH {location} HTTP/1.1\r\nHost: {hub.host}\r\nAuthorization: {authorization}\r\n"
        "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    connection.sendall(head.encode())
    chunk = b"186a0\r\n" + b"x" * 100_000 + b"\r\n"
    for _ in range(LIMIT // 100_000):
        connection.sendall(chunk)
    # One byte over, and nothing more under way: a reset could overtake the answer.
    connection.sendall(b"1\r\nx\r\n")
    answer = b""
    while part := connection.recv(65536):
        answer += part
    connection.close()
    return answer.decode()


def test_a_length_over_the_limit_is_413_before_the_body_is_read(small_hub: Hub) -> None:
    for path in (f"/api/v1/extensions/alice/{unique()}/releases", "/new"):
        answer = head_only(small_hub, f"POST {path}", f"Bearer {small_hub.tokens['alice']}")

        assert " 413 " in answer


def test_a_blob_over_the_limit_is_413_and_nothing_is_kept(small_hub: Hub) -> None:
    path = f"alice/{unique()}"
    with small_hub.client() as client:
        location = begin(small_hub, client, path)

        authorization = client.headers["authorization"]
        declared = head_only(small_hub, f"PUT {location}?digest=sha256:{'0' * 64}", authorization)
        streamed = stream_over(
            small_hub, begin(small_hub, client, path), client.headers["authorization"]
        )

    assert " 413 " in declared
    assert " 413 " in streamed.splitlines()[0]
    assert "SIZE_INVALID" in streamed
    assert small_hub.api("GET", f"/extensions/{path}", who="alice").status_code == 404


def test_a_module_at_the_limit_is_taken(small_hub: Hub) -> None:
    path = f"alice/{unique()}"
    module = filters.hello()
    padded = filters.with_custom_section(module, "pad", b"\0" * (LIMIT - len(module) - 9))

    assert len(padded) <= LIMIT
    assert small_hub.upload(path, "1.0.0", padded).status_code == 202
    assert small_hub.wait_for_verdict(path, "1.0.0")["verdict"] == "passed"
    over = small_hub.upload(path, "1.0.1", padded + b"\0" * 20)
    assert over.status_code == 413
