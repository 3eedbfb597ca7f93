"""The reads of Harbor 1.x that ``wasme`` lists with: what is in them, for whom, in which types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests import filters
from tests.live import Hub, unique

READS = [
    "/api/projects",
    "/api/repositories?project_id=1",
    "/api/search?q=x",
    "/api/users/current",
]

# The fields and types that wasme unmarshals: another type in one of them ends it.
USER = {"user_id": int, "username": str, "email": str, "realname": str, "comment": str}
USER |= {"deleted": bool, "role_name": str, "role_id": int, "sysadmin_flag": bool}
USER |= {"creation_time": datetime, "update_time": datetime}
PROJECT = {"project_id": int, "owner_id": int, "name": str, "creation_time": datetime}
PROJECT |= {"update_time": datetime, "deleted": bool, "owner_name": str, "metadata": dict}
PROJECT |= {"current_user_role_id": int, "repo_count": int, "chart_count": int}
REPOSITORY = {"name": str}
FOUND = {"project_id": int, "project_name": str, "project_public": bool, "pull_count": int}
FOUND |= {"repository_name": str, "tags_count": int}
TAG = {"digest": str, "name": str, "size": int, "architecture": str, "os": str, "author": str}
TAG |= {"created": datetime, "config": object, "immutable": bool, "annotations": dict}
TAG |= {"signature": object, "labels": list, "push_time": datetime, "pull_time": datetime}


def assert_go_parses(row: dict[str, Any], fields: Mapping[str, type]) -> None:
    """Hold one object to Go's types: a time is RFC 3339 or null, true is no integer."""
    assert set(row) == set(fields)
    for name, kind in fields.items():
        value = row[name]
        if kind is datetime:
            assert value is None or datetime.fromisoformat(value).tzinfo, (name, value)
        elif kind is int:
            assert type(value) is int, (name, value)
        else:
            assert isinstance(value, kind), (name, value)
        if kind is dict:
            assert all(isinstance(text, str) for text in value.values()), (name, value)


@pytest.fixture(scope="module")
def offered(hub: Hub) -> str:
    """Return the path of a public extension of alice's with two releases and a moving tag."""
    path = f"alice/{unique('wasme')}"
    for version in ("1.0.0", "1.1.0"):
        hub.upload(path, version, filters.hello(), visibility="public")
        hub.wait_for_verdict(path, version)
    with hub.client() as client:
        scope = {"scope": f"repository:{path}:pull,push"}
        answer = client.get("/token", params=scope, auth=("alice", hub.tokens["alice"]))
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        manifest = client.get(f"/v2/{path}/manifests/1.0.0")
        kind = {"Content-Type": manifest.headers["content-type"]}
        tagged = client.put(f"/v2/{path}/manifests/edge", content=manifest.content, headers=kind)
    assert tagged.status_code == 201
    hub.wait_until_found(path.partition("/")[2], path)
    return path


@pytest.fixture(scope="module")
def hidden(hub: Hub) -> list[str]:
    """Return extensions of alice's that are not for everybody."""
    kinds = {"private": "private", "internal": "internal", "failed": "public"}
    paths = []
    for name, visibility in kinds.items():
        path = f"alice/{unique(name)}"
        module = filters.TEXT if name == "failed" else filters.hello()
        hub.upload(path, "1.0.0", module, visibility=visibility)
        hub.wait_for_verdict(path, "1.0.0")
        paths.append(path)
    return paths


def read(hub: Hub, path: str, who: str | None = None) -> Any:
    """Return the JSON of one of Harbor's reads, with Basic credentials or without any."""
    auth = (who, hub.tokens[who]) if who else None
    answer = httpx.get(f"{hub.origin}{path}", auth=auth)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    return answer.json()


def project_of(hub: Hub, name: str, who: str | None = None) -> dict[str, Any]:
    return next(row for row in read(hub, "/api/projects", who) if row["name"] == name)


def test_the_current_user_is_the_tokens_owner(hub: Hub) -> None:
    user = read(hub, "/api/users/current", "bob")

    assert_go_parses(user, USER)
    assert (user["username"], user["realname"], user["email"]) == ("bob", "bob", "")


@pytest.mark.parametrize("path", READS)
def test_wrong_credentials_are_refused_and_never_anonymous(hub: Hub, path: str) -> None:
    secret = hub.tokens["alice"]

    for who in (("alice", "whub_wrong"), ("bob", secret), ("alice", "correct horse")):
        assert httpx.get(f"{hub.origin}{path}", auth=who).status_code == 401


def test_nobody_is_no_user(hub: Hub) -> None:
    assert httpx.get(f"{hub.origin}/api/users/current").status_code == 401


def test_projects_are_the_namespaces_with_something_public(hub: Hub, offered: str) -> None:
    rows = read(hub, "/api/projects")

    for row in rows:
        assert_go_parses(row, PROJECT)
        assert row["repo_count"] > 0
        assert row["metadata"] == {"public": "true"}
        assert row["current_user_role_id"] == 0
    assert "alice" in [row["name"] for row in rows]
    assert "mallory" not in [row["name"] for row in rows]


def test_a_projects_id_leads_to_its_repositories(hub: Hub, offered: str) -> None:
    project = project_of(hub, "alice")

    rows = read(hub, f"/api/repositories?project_id={project['project_id']}")

    assert len(rows) == project["repo_count"]
    assert {"name": offered} in rows
    for row in rows:
        assert_go_parses(row, REPOSITORY)
        assert row["name"].startswith("alice/")


@pytest.mark.parametrize("project", ["0", "999999999999999999"])
def test_a_project_that_is_not_there_has_no_repositories(hub: Hub, project: str) -> None:
    assert read(hub, f"/api/repositories?project_id={project}") == []


@pytest.mark.parametrize("project", ["", "x", "-1", "1.5", "9" * 30, "\u0661"])
def test_a_project_that_is_no_number_is_refused(hub: Hub, project: str) -> None:
    answer = httpx.get(f"{hub.origin}/api/repositories", params={"project_id": project})

    assert answer.status_code == 400


def test_a_search_finds_repositories(hub: Hub, offered: str) -> None:
    rows = read(hub, f"/api/search?q={offered.partition('/')[2]}")["repository"]

    row = next(row for row in rows if row["repository_name"] == offered)
    assert_go_parses(row, FOUND)
    assert row["project_id"] == project_of(hub, "alice")["project_id"]
    assert (row["project_name"], row["project_public"], row["tags_count"]) == ("alice", True, 3)


@pytest.mark.parametrize("text", ["", "%zz&x", "a+b", '"', "org:", "%00", "\\"])
def test_any_text_is_a_query(hub: Hub, text: str) -> None:
    answer = httpx.get(f"{hub.origin}/api/search?q={text}")

    assert answer.status_code == 200
    assert list(answer.json()) == ["repository"]


def test_tags_are_releases_and_moving_tags(hub: Hub, offered: str) -> None:
    rows = read(hub, f"/api/repositories/{offered}/tags?detail=true")

    for row in rows:
        assert_go_parses(row, TAG)
        assert row["annotations"] == {
            "module.wasm.runtime/abi_version": "v0.2.1",
            "module.wasm.runtime/type": "envoy_proxy",
        }
    assert [row["name"] for row in rows] == ["1.1.0", "1.0.0", "edge"]
    assert [row["immutable"] for row in rows] == [True, True, False]
    releases = hub.api("GET", f"/extensions/{offered}/releases").json()["results"]
    assert [row["digest"] for row in rows[:2]] == [each["digest"] for each in releases]
    assert rows[2]["digest"] == rows[1]["digest"]
    facts = hub.api("GET", f"/extensions/{offered}/releases/1.0.0/facts").json()
    assert rows[1]["size"] == facts["size"]


def test_lists_show_nobody_what_is_not_for_all(hub: Hub, hidden: list[str]) -> None:
    project = project_of(hub, "alice", "alice")["project_id"]

    for who in (None, "alice"):
        listed = [row["name"] for row in read(hub, f"/api/repositories?project_id={project}", who)]
        for path in hidden:
            name = path.partition("/")[2]
            found = read(hub, f"/api/search?q={name}", who)["repository"]
            tags = httpx.get(
                f"{hub.origin}/api/repositories/{path}/tags",
                auth=(who, hub.tokens[who]) if who else None,
            )
            # What failed is on no list, not even on its owner's.
            shown = who == "alice" and "failed" not in name
            assert (path in listed) is shown
            assert (path in [row["repository_name"] for row in found]) <= shown
            assert tags.status_code == (200 if who else 404)
            assert not who or len(tags.json()) == shown


def test_who_is_signed_in_sees_what_is_internal(hub: Hub, hidden: list[str]) -> None:
    project = project_of(hub, "alice", "mallory")["project_id"]

    listed = [
        row["name"] for row in read(hub, f"/api/repositories?project_id={project}", "mallory")
    ]

    assert [path in listed for path in hidden] == [False, True, False]


@pytest.mark.parametrize("path", [*READS, "/api/repositories/alice/absent/tags"])
def test_no_answer_is_a_redirect(hub: Hub, path: str) -> None:
    slashed = path.replace("?", "/?") if "?" in path else f"{path}/"

    assert httpx.get(f"{hub.origin}{path}").status_code in {200, 401, 404}
    assert httpx.get(f"{hub.origin}{slashed}").status_code == 404
