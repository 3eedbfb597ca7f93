"""Clients that are slow, cut off, or say nothing of their length."""

from __future__ import annotations

import json
import socket
import time

import httpx
import pytest

from tests import filters
from tests.live import Hub, unique

SLOW = 100
# So many uploads one person may have under way.
MOST = 16


def open_upload(hub: Hub, path: str, *, who: str | None = None) -> socket.socket:
    """Begin an upload that never ends: the head and a few bytes of a body."""
    connection = socket.create_connection(("127.0.0.1", hub.port), timeout=10)
    authorization = f"Authorization: Bearer {hub.tokens[who]}\r\n" if who else ""
    length = 5_000_000 if who else 1_000_000
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {hub.host}\r\n{authorization}"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n--x\r\n"
    )
    connection.sendall(head.encode())
    return connection


def test_a_hundred_slow_uploads_do_not_keep_the_pages_waiting(hub: Hub) -> None:
    releases = "/api/v1/extensions/alice/slow/releases"
    uploads = [open_upload(hub, releases, who="alice") for _ in range(MOST)]
    uploads += [open_upload(hub, "/new") for _ in range(SLOW - MOST)]
    time.sleep(0.5)
    try:
        httpx.get(hub.origin + "/").raise_for_status()
        started = time.monotonic()
        answers = [httpx.get(hub.origin + "/").status_code for _ in range(5)]
        seconds = (time.monotonic() - started) / 5
        one_more = open_upload(hub, releases, who="alice")
        uploads.append(one_more)
        refused = b"".join(iter(lambda: one_more.recv(4096), b""))
    finally:
        for upload in uploads:
            upload.close()

    assert b" 429 " in refused.splitlines()[0]
    assert b"too-many" in refused
    assert answers == [200] * 5
    # Far below any time-out, far above what a page takes: only waiting could exceed it.
    assert seconds < 2


def test_an_upload_by_nobody_is_refused_before_it_is_read(hub: Hub) -> None:
    head = (
        f"POST /api/v1/extensions/alice/x/releases HTTP/1.1\r\nHost: {hub.host}\r\n"
        "Authorization: Bearer whub_wrong\r\nCookie: sessionid=wrong\r\n"
        "Content-Length: 100000000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as connection:
        connection.sendall(head.encode())
        answer = b"".join(iter(lambda: connection.recv(4096), b"")).decode()

    assert " 401 " in answer.splitlines()[0]
    assert "www-authenticate: Bearer" in answer
    assert "not-signed-in" in answer


def test_an_upload_that_is_cut_off_leaves_nothing(hub: Hub) -> None:
    name = unique("cut")
    open_upload(hub, f"/api/v1/extensions/alice/{name}/releases", who="alice").close()

    time.sleep(0.5)

    assert hub.api("GET", f"/extensions/alice/{name}", who="alice").status_code == 404


def test_a_body_without_a_length_is_read_whole(hub: Hub) -> None:
    path = f"alice/{unique('chunked')}"
    hub.upload(path, "1.0.0", filters.hello())
    document = json.dumps({"title": "Sent in pieces"}).encode()

    with hub.client("alice") as alice:
        answer = alice.patch(
            f"/api/v1/extensions/{path}",
            content=(document[i : i + 7] for i in range(0, len(document), 7)),
            headers={"Content-Type": "application/json"},
        )

    assert answer.status_code == 200
    assert answer.json()["title"] == "Sent in pieces"


@pytest.mark.parametrize("name", ["X_Forwarded_For", "Authorization_"])
def test_header_names_with_an_underscore_are_dropped(hub: Hub, name: str) -> None:
    with hub.client() as client:
        answer = client.get("/", headers={name: "x"})

    assert answer.status_code == 200


def test_a_form_over_the_limit_is_refused_before_it_is_read(hub: Hub) -> None:
    connection = socket.create_connection(("127.0.0.1", hub.port), timeout=10)
    head = (
        f"POST /theme HTTP/1.1\r\nHost: {hub.host}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 999999999\r\n\r\n"
    )
    connection.sendall(head.encode())

    answer = connection.recv(4096).decode()
    connection.close()

    assert " 413 " in answer.splitlines()[0]
