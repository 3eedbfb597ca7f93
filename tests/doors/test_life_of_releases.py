"""After the push, by REST and on the pages: yank, delete, rename, transfer, rules."""

from __future__ import annotations

import base64
import time
from typing import Any

import httpx
import pytest

from tests import filters
from tests.live import Hub, unique

WHY = "It lets <b>every</b> request pass."


def published(
    hub: Hub, namespace: str, *versions: str, visibility: str = "public", name: str = ""
) -> str:
    """Publish passed releases under a name that no other test has, and return the path."""
    path = f"{namespace}/{name or unique('life')}"
    for version in versions or ("1.0.0",):
        accepted = hub.upload(path, version, filters.hello(), visibility=visibility)
        assert accepted.status_code == 202, accepted.text
        assert hub.wait_for_verdict(path, version)["verdict"] == "passed"
    return path


def yank(
    hub: Hub, path: str, version: str, why: str | None = WHY, who: str | None = "alice"
) -> Any:
    url = f"/extensions/{path}/releases/{version}"
    return hub.api("PATCH", url, who=who, json={"yanked": why})


def rename(hub: Hub, path: str, name: str, who: str | None = "alice") -> httpx.Response:
    return hub.api("POST", f"/extensions/{path}/rename", who=who, json={"name": name})


def transfer(hub: Hub, path: str, namespace: str, who: str | None = "alice") -> httpx.Response:
    return hub.api("POST", f"/extensions/{path}/transfer", who=who, json={"namespace": namespace})


def rule(hub: Hub, who: str | None = "alice", **changes: Any) -> httpx.Response:
    return hub.api("PATCH", "/orgs/acme/rules", who=who, json=changes)


def in_the_hub(hub: Hub, path: str, statement: str) -> str:
    """Run a statement about the extension's releases, where no door leads to a clock."""
    script = (
        "from datetime import timedelta\n"
        "from django.utils import timezone\n"
        "from catalog.models import Release\n"
        "from catalog.services import count_pulls\n"
        f"releases = Release.objects.filter(extension__name={path.partition('/')[2]!r})\n"
        f"{statement}\n"
    )
    return hub.manage("shell", "--no-imports", "-c", script)


def wait_until_counted(hub: Hub, path: str) -> None:
    """Wait until a pull of the one release is written: that is done in batches."""
    deadline = time.monotonic() + 20
    while in_the_hub(hub, path, "print(releases.get().manifest.pull_counts.exists())") != "True":
        assert time.monotonic() < deadline, "the pull is never counted"


class TestYank:
    def test_hides_a_release_and_says_why(self, hub: Hub) -> None:
        path = published(hub, "acme", "1.0.0", "1.1.0")
        hub.wait_until_found(path, path)
        release = hub.api("GET", f"/extensions/{path}/releases/1.1.0").json()

        answer = yank(hub, path, "v1.1.0", who="bob")

        assert answer.status_code == 200
        assert answer.json() == release | {"yanked": WHY}
        assert hub.api("GET", f"/extensions/{path}/releases/1.1.0").json() == answer.json()
        assert hub.api("GET", f"/extensions/{path}").json()["latest"] == "1.0.0"
        with hub.client() as anybody:
            page = anybody.get(f"/{path}/versions/1.1.0")
            versions = anybody.get(f"/{path}/versions")
            module = anybody.get(f"/download/{path}/{release['module_sha256']}.wasm")
        assert "1.1.0 was yanked" in page.text
        assert "It lets &lt;b&gt;every&lt;/b&gt; request pass." in page.text
        assert f"@{release['digest']}" in page.text
        assert versions.text.count("Yanked") == 1
        assert module.status_code == 200
        offered = yank(hub, path, "1.1.0", None)
        assert offered.json()["yanked"] is None
        assert hub.api("GET", f"/extensions/{path}").json()["latest"] == "1.1.0"

    def test_of_all_there_is_takes_it_from_the_search(self, hub: Hub) -> None:
        path = published(hub, "acme")
        hub.wait_until_found(path, path)

        yank(hub, path, "1.0.0")
        other = published(hub, "acme")
        hub.wait_until_found(other, other)

        found = hub.api("GET", "/search", params={"q": path}).json()["results"]
        assert path not in [each["path"] for each in found]
        assert hub.api("GET", f"/extensions/{path}").json()["latest"] is None
        with hub.client() as anybody:
            assert "1.0.0 was yanked" in anybody.get(f"/{path}").text

    @pytest.mark.parametrize(
        "body", [{}, {"yanked": ""}, {"yanked": 3.5, "x": 1}, {"why": "x"}, {"yanked": "x" * 301}]
    )
    def test_needs_a_reason(self, hub: Hub, body: dict[str, Any]) -> None:
        path = published(hub, "alice")

        answer = hub.api("PATCH", f"/extensions/{path}/releases/1.0.0", who="alice", json=body)

        assert answer.status_code == 400
        assert answer.json()["code"] == "invalid"


class TestDelete:
    def test_a_release_before_anybody_else_relies_on_it(self, hub: Hub) -> None:
        path = published(hub, "acme")
        url = f"/extensions/{path}/releases/1.0.0"

        assert hub.api("DELETE", url, who="bob").json()["code"] == "not-allowed"
        deleted = hub.api("DELETE", url, who="alice")
        again = hub.api("DELETE", url, who="alice")

        assert (deleted.status_code, deleted.content) == (204, b"")
        assert again.status_code == 404
        assert hub.api("GET", f"/extensions/{path}").status_code == 404
        hub.upload(path, "1.0.0", filters.hello())
        assert hub.wait_for_verdict(path, "1.0.0")["verdict"] == "passed"
        assert hub.api("GET", f"/extensions/{path}").status_code == 200

    @pytest.mark.parametrize(
        ("statement", "says"),
        [
            ("releases.update(passed=timezone.now() - timedelta(hours=73))", "72 hours"),
            ("count_pulls([(releases.get().manifest_id, None, timezone.now())])", "somebody else"),
        ],
    )
    def test_is_refused_once_somebody_may_rely_on_it(
        self, hub: Hub, statement: str, says: str
    ) -> None:
        path = published(hub, "acme")
        in_the_hub(hub, path, statement)

        for url in (f"/extensions/{path}/releases/1.0.0", f"/extensions/{path}"):
            answer = hub.api("DELETE", url, who="alice")
            assert answer.status_code == 403
            assert answer.json()["code"] == "release-kept"
            assert says in answer.json()["detail"]
            assert "Yank" in answer.json()["detail"]
        with hub.client() as anybody:
            assert anybody.get(answer.json()["type"]).status_code == 200
        assert yank(hub, path, "1.0.0").status_code == 200

    def test_is_refused_after_a_strangers_pull_and_not_after_a_members(self, hub: Hub) -> None:
        by_member, by_stranger = published(hub, "acme"), published(hub, "acme")
        for path, who in ((by_member, "bob"), (by_stranger, None)):
            sha256 = hub.api("GET", f"/extensions/{path}/releases/1.0.0").json()["module_sha256"]
            with hub.client(who) as client:
                assert client.get(f"/download/{path}/{sha256}.wasm").status_code == 200
            wait_until_counted(hub, path)

        kept = hub.api("DELETE", f"/extensions/{by_stranger}/releases/1.0.0", who="alice")
        gone = hub.api("DELETE", f"/extensions/{by_member}/releases/1.0.0", who="alice")

        assert (kept.status_code, gone.status_code) == (403, 204)
        assert "pulled by somebody else" in kept.json()["detail"]

    def test_a_failed_release_by_a_member(self, hub: Hub) -> None:
        path = f"acme/{unique()}"
        hub.upload(path, "1.0.0", filters.TEXT)
        hub.wait_for_verdict(path, "1.0.0")

        assert hub.api("DELETE", f"/extensions/{path}/releases/1.0.0", who="bob").status_code == 204

    def test_an_extension_and_its_name_is_no_strangers(self, hub: Hub) -> None:
        path = published(hub, "acme")

        assert hub.api("DELETE", f"/extensions/{path}", who="alice").status_code == 204

        assert hub.api("GET", f"/extensions/{path}", who="alice").status_code == 404
        by_bob = hub.upload(path, "1.0.0", filters.hello(), who="bob")
        by_mallory = hub.upload(path, "1.0.0", filters.hello(), who="mallory")
        assert (by_bob.status_code, by_mallory.status_code) == (403, 404)
        assert "Only an owner of acme" in by_bob.json()["detail"]
        assert hub.upload(path, "1.0.0", filters.hello()).status_code == 202


class TestMove:
    def test_a_renamed_extension_is_found_under_both_names(self, hub: Hub) -> None:
        path = published(hub, "alice")
        sha256 = hub.api("GET", f"/extensions/{path}/releases/1.0.0").json()["module_sha256"]
        new = f"{path}-renamed"

        moved = rename(hub, path, new.partition("/")[2])

        assert moved.status_code == 200
        assert (moved.json()["namespace"], moved.json()["name"]) == tuple(new.split("/"))
        by_old = hub.api("GET", f"/extensions/{path}")
        assert by_old.status_code == 200
        assert by_old.json() == hub.api("GET", f"/extensions/{new}").json()
        with hub.client() as anybody:
            for page in ("", "/versions", "/versions/1.0.0", "/abi"):
                answer = anybody.get(f"/{path}{page}?a=b%20c&d=%2F")
                assert answer.status_code == 301
                assert answer.headers["location"] == f"/{new}{page}?a=b%20c&d=%2F"
                assert "no-store" in answer.headers["cache-control"]
                assert anybody.get(answer.headers["location"]).status_code == 200
            assert anybody.get(f"/download/{path}/{sha256}.wasm").status_code == 200
        pushed = hub.upload(path, "1.1.0", filters.hello())
        assert pushed.status_code == 202
        assert hub.wait_for_verdict(new, "1.1.0")["verdict"] == "passed"

    def test_a_pull_by_the_old_name_is_served_in_place(self, hub: Hub) -> None:
        path = published(hub, "acme", visibility="private")
        transfer(hub, path, "alice")
        credentials = {
            who: base64.b64encode(f"{who}:{hub.tokens[who]}".encode()).decode()
            for who in ("alice", "bob")
        }

        def pulled(who: str) -> int:
            with hub.client() as client:
                token = client.get(
                    f"/token?service={hub.host}&scope=repository:{path}:pull",
                    headers={"Authorization": f"Basic {credentials[who]}"},
                ).json()["token"]
                bearer = {"Authorization": f"Bearer {token}"}
                return client.get(f"/v2/{path}/manifests/1.0.0", headers=bearer).status_code

        assert (pulled("alice"), pulled("bob")) == (200, 404)

    def test_a_private_one_is_at_no_name_for_outsiders(self, hub: Hub) -> None:
        path = published(hub, "alice", visibility="private")
        rename(hub, path, f"{path.partition('/')[2]}-renamed")

        with hub.client() as anybody:
            assert anybody.get(f"/{path}").status_code == 404
            assert anybody.get(f"/{path}/versions").status_code == 404
        assert hub.api("GET", f"/extensions/{path}", who="mallory").status_code == 404

    def test_a_transfer_needs_both_owners(self, hub: Hub) -> None:
        path = published(hub, "alice")
        bobs = published(hub, "acme")

        assert transfer(hub, path, "bob").status_code == 404
        assert transfer(hub, path, "no-such-name").status_code == 404
        assert transfer(hub, bobs, "bob", who="bob").status_code == 403
        moved = transfer(hub, path, "acme")
        assert moved.status_code == 200
        assert moved.json()["namespace"] == "acme"
        assert yank(hub, path, "1.0.0", who="bob").status_code == 200

    def test_an_old_name_is_not_given_to_another(self, hub: Hub) -> None:
        path, other = published(hub, "alice"), published(hub, "alice")
        name = path.partition("/")[2]
        rename(hub, path, f"{name}-renamed")

        refused = rename(hub, other, name)

        assert refused.status_code == 409
        assert refused.json()["code"] == "name-taken"
        assert rename(hub, f"{path}-renamed", name).status_code == 200


class TestRules:
    def test_of_acme_hold_for_its_members(self, hub: Hub) -> None:
        path = published(hub, "acme")
        new = f"acme/{unique('ruled')}"
        try:
            ruled = rule(hub, protected_tags=["v9.*"], creation="forbidden", quota_bytes=10**12)
            assert ruled.status_code == 200
            assert ruled.json() == {
                "quota_bytes": 10**12,
                "quota_extensions": None,
                "protected_tags": ["v9.*"],
                "creation": "forbidden",
            }
            assert hub.api("GET", "/orgs/acme/rules", who="bob").json() == ruled.json()

            protected = hub.upload(path, "9.0.0", filters.hello(), who="bob")
            forbidden = hub.upload(new, "1.0.0", filters.hello(), who="bob")
            rule(hub, quota_extensions=1)
            full = hub.upload(new, "1.0.0", filters.hello())
        finally:
            rule(hub, quota_extensions=None, creation="private", protected_tags=[])

        assert (protected.status_code, forbidden.status_code) == (403, 403)
        assert (full.status_code, full.json()["code"]) == (403, "quota-exceeded")
        assert hub.upload(new, "1.0.0", filters.hello(), who="bob").status_code == 202

    def test_are_checked(self, hub: Hub) -> None:
        for body in ({"quota": 1}, {"quota_bytes": -1}, {"protected_tags": ["["]}, [1]):
            answer = hub.api("PATCH", "/orgs/acme/rules", who="alice", json=body)
            assert answer.status_code == 400, body


@pytest.mark.parametrize(
    ("who", "visibility", "status"),
    [
        (None, "public", 401),
        ("mallory", "public", 403),
        (None, "private", 404),
        ("mallory", "private", 404),
        ("bob", "private", 403),
    ],
)
def test_only_owners_delete_and_move(
    hub: Hub, who: str | None, visibility: str, status: int
) -> None:
    path = published(hub, "acme", visibility=visibility)

    answers = {
        "delete extension": hub.api("DELETE", f"/extensions/{path}", who=who),
        "delete release": hub.api("DELETE", f"/extensions/{path}/releases/1.0.0", who=who),
        "rename": rename(hub, path, "mine", who=who),
        "transfer": transfer(hub, path, who or "mallory", who=who),
    }
    if who != "bob":
        answers["yank"] = yank(hub, path, "1.0.0", who=who)

    assert {act: answer.status_code for act, answer in answers.items()} == dict.fromkeys(
        answers, status
    )
    assert hub.api("GET", f"/extensions/{path}/releases/1.0.0", who="alice").status_code == 200
    ruled = {name: rule(hub, who=name, quota_bytes=1).status_code for name in ("mallory", "bob")}
    assert ruled == {"mallory": 404, "bob": 403}
    assert rule(hub, who=None, quota_bytes=1).status_code == 404
    assert hub.api("GET", "/orgs/acme/rules", who="mallory").status_code == 404
