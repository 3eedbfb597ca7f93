"""Who sees and who may do what, through every door, on both set-ups."""

from __future__ import annotations

import base64

import pytest

from tests import filters
from tests.live import Hub, unique


@pytest.fixture
def private(hub: Hub) -> tuple[str, str]:
    """Return path and module sha256 of a passed private extension of acme's."""
    path = f"acme/{unique('secret')}"
    hub.upload(path, "1.0.0", filters.hello(), description=f"hidden {path}")
    release = hub.wait_for_verdict(path, "1.0.0")
    hub.wait_until_found(path.partition("/")[2], path, who="alice")
    return path, release["module_sha256"]


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def test_a_private_extension_does_not_exist_for_outsiders(
    hub: Hub, private: tuple[str, str]
) -> None:
    path, sha256 = private
    name = path.partition("/")[2]

    for who in (None, "mallory"):
        with hub.client(who) as outsider:
            pages = [
                f"/{path}",
                f"/{path}/versions",
                f"/{path}/versions/1.0.0",
                f"/{path}/abi",
                f"/download/{path}/{sha256}.wasm",
                f"/api/v1/extensions/{path}",
                f"/api/v1/extensions/{path}/releases",
                f"/api/v1/extensions/{path}/releases/1.0.0/facts",
                f"/api/v1/extensions/{path}/releases/1.0.0/manifests/envoy",
            ]
            answers = {page: outsider.get(page).status_code for page in pages}
            found = outsider.get("/api/v1/search", params={"q": name}).json()
            searched = outsider.get("/search", params={"q": name})
        assert set(answers.values()) == {404}, answers
        assert found["results"] == []
        assert found["count"] == 0
        assert f"/{path}" not in searched.text


def test_members_read_and_publish_in_their_organization(hub: Hub, private: tuple[str, str]) -> None:
    path, sha256 = private

    read = hub.api("GET", f"/extensions/{path}", who="bob")
    pushed = hub.upload(path, "1.1.0", filters.hello(), who="bob")
    shown = hub.api("PATCH", f"/extensions/{path}", who="bob", json={"visibility": "internal"})
    edited = hub.api("PATCH", f"/extensions/{path}", who="bob", json={"title": "By Bob"})
    with hub.client() as client:
        raw = client.get(f"/download/{path}/{sha256}.wasm", headers=basic("bob", hub.tokens["bob"]))

    assert read.status_code == 200
    assert pushed.status_code == 202
    assert shown.json()["visibility"] == "internal"
    assert edited.json()["title"] == "By Bob"
    assert raw.status_code == 200


def test_outsiders_cannot_publish_and_leave_no_trace(hub: Hub) -> None:
    name = unique("planted")

    as_mallory = hub.upload(f"acme/{name}", "1.0.0", filters.hello(), who="mallory")
    nowhere = hub.upload(f"no-such-name/{name}", "1.0.0", filters.hello(), who="mallory")

    assert as_mallory.status_code == 404
    assert nowhere.status_code == 404
    assert as_mallory.json()["detail"] == nowhere.json()["detail"]
    assert hub.api("GET", f"/extensions/acme/{name}", who="alice").status_code == 404


def test_an_internal_extension_is_for_everybody_who_is_signed_in(hub: Hub) -> None:
    path = f"alice/{unique()}"
    hub.upload(path, "1.0.0", filters.hello(), visibility="internal")
    hub.wait_for_verdict(path, "1.0.0")

    assert hub.api("GET", f"/extensions/{path}").status_code == 404
    assert hub.api("GET", f"/extensions/{path}", who="mallory").status_code == 200
    refused = hub.api("PATCH", f"/extensions/{path}", who="mallory", json={"title": "x"})
    assert refused.status_code == 403


def test_what_failed_is_for_publishers_only(hub: Hub) -> None:
    path = f"acme/{unique()}"
    hub.upload(path, "1.0.0", filters.TEXT, visibility="public")
    hub.wait_for_verdict(path, "1.0.0")

    mine = hub.api("GET", f"/extensions/{path}/releases", who="bob").json()["results"]
    theirs = hub.api("GET", f"/extensions/{path}/releases")
    page = hub.api("GET", f"/extensions/{path}")
    one = hub.api("GET", f"/extensions/{path}/releases/1.0.0")
    found = hub.api("GET", "/search", params={"q": path}).json()["results"]

    assert [each["verdict"] for each in mine] == ["failed"]
    assert theirs.status_code == 404
    assert page.status_code == 404
    assert one.status_code == 404
    assert found == []


@pytest.mark.parametrize(
    "header", ["Bearer whub_nonsense", "Basic !!!", "Basic \xff", "Basic YWxpY2U6eA=="]
)
def test_wrong_credentials_are_401_and_never_anonymous(hub: Hub, header: str) -> None:
    with hub.client() as client:
        answer = client.get("/api/v1/search", headers={b"Authorization": header.encode()})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "credentials-invalid"


def test_a_pull_token_cannot_publish(hub: Hub) -> None:
    path = f"alice/{unique()}"
    hub.upload(path, "1.0.0", filters.hello())
    secret = hub.manage("create_token", "alice", "--scope", "pull")
    headers = {"Authorization": f"Bearer {secret}"}

    with hub.client() as client:
        read = client.get(f"/api/v1/extensions/{path}", headers=headers)
        edited = client.patch(f"/api/v1/extensions/{path}", headers=headers, json={"title": "no"})

    assert read.status_code == 200
    assert edited.status_code == 403
