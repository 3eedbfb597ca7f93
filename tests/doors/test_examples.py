"""Trials that authors keep: saved, run again for each release, and shown as passed or failed."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tests import filters
from tests.live import Hub, unique

PATIENCE_SECONDS = 60
CLOSED: dict[str, Any] = {"request": {"path": "/.env"}}
DENIED: dict[str, Any] = {"outcome": "replied", "response": {"status": 403}}


def publish(hub: Hub, path: str, example: str, version: str, visibility: str = "public") -> None:
    module = filters.with_custom_section(filters.example(*example.split("@")), "at", path.encode())
    hub.upload(path, version, module, visibility=visibility)
    assert hub.wait_for_verdict(path, version)["verdict"] == "passed"


def extension(hub: Hub, visibility: str = "public") -> str:
    path = f"alice/{unique('kept')}"
    publish(hub, path, "acme/deny-paths@1.1.0", "1.0.0", visibility)
    return path


@pytest.fixture(scope="module")
def denying(hub: Hub) -> str:
    return extension(hub)


def save(
    hub: Hub, path: str, name: str, *, who: str | None = "alice", **said: Any
) -> httpx.Response:
    body = {"trial": CLOSED, "expected": DENIED} | said
    return hub.api("PUT", f"/extensions/{path}/examples/{name}", who=who, json=body)


def runs(hub: Hub, path: str, version: str = "1.0.0", who: str | None = "alice") -> dict[str, Any]:
    answer = hub.api("GET", f"/extensions/{path}/releases/{version}/examples", who=who)
    assert answer.status_code == 200, answer.text
    return {each["name"]: each for each in answer.json()["results"]}


def run_of(hub: Hub, path: str, name: str, version: str = "1.0.0") -> dict[str, Any]:
    """Wait until a worker has run the example on the release."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        run: dict[str, Any] = runs(hub, path, version)[name]
        if run["run"] is not None:
            return run
        time.sleep(0.2)
    raise AssertionError(f"{name} was not run: {hub.log.read_text()[-3000:]}")


class TestAnExample:
    def test_is_run_on_the_newest_release_when_it_is_saved(self, hub: Hub, denying: str) -> None:
        answer = save(hub, denying, "closed", description="Nobody reads /.env.")

        assert answer.status_code == 200, answer.text
        assert answer.json()["author"] == "alice"
        run = run_of(hub, denying, "closed")
        assert (run["state"], run["differences"], run["reason"]) == ("passed", [], "")
        assert run["description"] == "Nobody reads /.env."
        kept = hub.api("GET", f"/extensions/{denying}/examples/closed").json()
        assert (kept["trial"], kept["expected"]) == (CLOSED, DENIED)

    def test_without_an_expectation_expects_what_happens_now(self, hub: Hub, denying: str) -> None:
        body = {"name": "proposed", "trial": CLOSED}

        answer = hub.api("POST", f"/extensions/{denying}/examples", who="alice", json=body)

        assert answer.status_code == 201, answer.text
        expected = answer.json()["expected"]
        assert expected["outcome"] == "replied"
        assert expected["response"]["headers"] == {"content-type": "text/plain"}
        assert "closed" in expected["response"]["body"]
        assert run_of(hub, denying, "proposed")["state"] == "passed"

    def test_that_a_new_release_breaks_is_shown_with_what_differs(self, hub: Hub) -> None:
        path = extension(hub)
        spelled = {"request": {"path": "/shop/%61dmin/../../admin"}, "config": "/admin\n"}
        save(hub, path, "encoded", trial=spelled)
        assert run_of(hub, path, "encoded")["state"] == "passed"

        publish(hub, path, "acme/deny-paths@1.0.0", "1.1.0")

        run = run_of(hub, path, "encoded", "1.1.0")
        assert run["state"] == "failed"
        assert run["differences"] == ["The outcome was “continued”, and “replied” was expected."]
        assert runs(hub, path)["encoded"]["state"] == "passed"
        with hub.client() as client:
            assert "0 of 1 example passed" in client.get(f"/{path}/versions").text
            page = client.get(f"/{path}/try?version=1.1.0").text
        assert "The outcome was “continued”, and “replied” was expected." in page

    def test_that_changes_is_run_anew(self, hub: Hub, denying: str) -> None:
        save(hub, denying, "changed")
        assert run_of(hub, denying, "changed")["state"] == "passed"
        wrong = {"outcome": "replied", "response": {"status": 404, "headers": {"x-a": True}}}

        assert save(hub, denying, "changed", expected=wrong).status_code == 200

        run = run_of(hub, denying, "changed")
        assert run["state"] == "failed"
        assert run["differences"] == [
            "The status of the response was 403, and 404 was expected.",
            "The response header x-a was missing.",
        ]

    def test_keeps_its_results_when_only_its_words_change(self, hub: Hub, denying: str) -> None:
        save(hub, denying, "words")
        before = run_of(hub, denying, "words")

        save(hub, denying, "words", description="Other words.")

        after = runs(hub, denying)["words"]
        assert (after["run"], after["description"]) == (before["run"], "Other words.")

    @pytest.mark.slow
    def test_goes_with_its_extension(self, hub: Hub) -> None:
        path = extension(hub, "private")
        save(hub, path, "gone")
        run_of(hub, path, "gone")

        assert hub.api("DELETE", f"/extensions/{path}", who="alice").status_code == 204

        publish(hub, path, "acme/deny-paths@1.1.0", "1.0.0")
        assert runs(hub, path) == {}

    def test_can_be_deleted(self, hub: Hub, denying: str) -> None:
        save(hub, denying, "short-lived")
        address = f"/extensions/{denying}/examples/short-lived"

        assert hub.api("DELETE", address, who="alice").status_code == 204
        assert hub.api("DELETE", address, who="alice").status_code == 404
        assert hub.api("GET", address).status_code == 404
        assert "short-lived" not in runs(hub, denying)


class TestItsName:
    def test_is_taken_once(self, hub: Hub, denying: str) -> None:
        body = {"name": "taken", "trial": CLOSED, "expected": DENIED}
        address = f"/extensions/{denying}/examples"

        first, same = (hub.api("POST", address, who="alice", json=body) for _ in range(2))
        other = hub.api("POST", address, who="alice", json=body | {"trial": {}})

        assert (first.status_code, same.status_code, other.status_code) == (201, 201, 409)
        assert other.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize(
        "name",
        ["a/b", "<b>x</b>", "a\0", "a" * 61],
    )
    def test_has_a_grammar(self, hub: Hub, denying: str, name: str) -> None:
        body = {"name": name, "trial": CLOSED, "expected": DENIED}

        answer = hub.api("POST", f"/extensions/{denying}/examples", who="alice", json=body)

        assert answer.status_code == 400, answer.text


class TestWhatIsNoExample:
    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ({"trial": []}, "trial"),
            ({"trial": {"request": {"body": "a" * 70_000}}}, "65536"),
            ({"trial": {"plugins": [{"module": "alice/none:1.0.0"}]}}, "alice/none:1.0.0"),
            ({"expected": {"outcome": "fine"}}, "outcome is one of"),
            ({"unknown": 1}, "unknown"),
        ],
    )
    def test_is_refused_with_the_reason(
        self, hub: Hub, denying: str, said: dict[str, Any], told: str
    ) -> None:
        answer = save(hub, denying, "refused", **said)

        assert answer.status_code in {400, 404}, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert told in answer.text
        assert hub.api("GET", f"/extensions/{denying}/examples/refused").status_code == 404

    @pytest.mark.parametrize("depth", [900, 100_000])
    def test_is_refused_however_deep_it_is(self, hub: Hub, denying: str, depth: int) -> None:
        deep = '{"request": {"body": ' + "[" * depth + "]" * depth + "}}"
        body = f'{{"trial": {deep}, "expected": {{"outcome": "continued"}}}}'

        answer = hub.api(
            "PUT",
            f"/extensions/{denying}/examples/deep",
            who="alice",
            content=body,
            headers={"Content-Type": "application/json"},
        )

        assert answer.status_code == 400, answer.text


class TestRights:
    def test_who_may_publish_writes_and_who_may_read_sees(self, hub: Hub, denying: str) -> None:
        save(hub, denying, "readable")
        address = f"/extensions/{denying}/examples/readable"

        assert save(hub, denying, "readable", who="mallory").status_code == 403
        assert save(hub, denying, "readable", who=None).status_code == 401
        assert hub.api("DELETE", address, who="mallory").status_code == 403
        assert hub.api("GET", address, who="mallory").status_code == 200
        listed = hub.api("GET", f"/extensions/{denying}/examples").json()
        assert "readable" in [each["name"] for each in listed["results"]]
        assert listed["next"] is None

    def test_what_one_may_not_see_has_no_examples(self, hub: Hub) -> None:
        path = extension(hub, "private")
        save(hub, path, "secret")

        for who in (None, "mallory"):
            for address in ("examples", "examples/secret", "releases/1.0.0/examples"):
                answer = hub.api("GET", f"/extensions/{path}/{address}", who=who)
                assert answer.status_code == 404
            assert save(hub, path, "secret", who=who).status_code == 404
            with hub.client(who) as client:
                assert client.get(f"/{path}/try?example=secret").status_code == 404
                assert client.get(f"/{path}/try/examples/secret").status_code == 404

    @pytest.mark.slow
    def test_a_chain_needs_rights_to_each_of_its_modules(self, hub: Hub, denying: str) -> None:
        behind = f"alice/{unique('behind')}"
        publish(hub, behind, "northwind/request-id@1.1.0", "1.0.0", "private")
        chain = {"request": {"path": "/"}, "plugins": [{"module": f"{behind}:1.0.0"}]}
        wanted = {"request": {"headers": {"x-request-id": True}}}
        mallorys = f"mallory/{unique('thief')}"
        module = filters.example("ada/hello", "1.0.0")
        hub.upload(mallorys, "1.0.0", module, who="mallory", visibility="public")
        assert hub.wait_for_verdict(mallorys, "1.0.0", who="mallory")["verdict"] == "passed"

        foreign = save(hub, mallorys, "chain", who="mallory", trial=chain, expected=wanted)
        own = save(hub, denying, "chain", trial=chain, expected=wanted)

        assert (foreign.status_code, own.status_code) == (404, 200)
        assert run_of(hub, denying, "chain")["state"] == "passed"

    @pytest.mark.slow
    def test_an_example_whose_chain_is_gone_is_not_run(self, hub: Hub) -> None:
        path, behind = extension(hub), f"alice/{unique('behind')}"
        publish(hub, behind, "northwind/request-id@1.1.0", "1.0.0", "private")
        chain = {"plugins": [{"module": f"{behind}:1.0.0"}]}
        save(hub, path, "chain", trial=chain, expected={"outcome": "continued"})
        assert run_of(hub, path, "chain")["state"] == "passed"
        assert hub.api("DELETE", f"/extensions/{behind}", who="alice").status_code == 204

        publish(hub, path, "acme/deny-paths@1.0.0", "1.1.0")

        run = run_of(hub, path, "chain", "1.1.0")
        assert (run["state"], run["differences"]) == ("not-run", [])
        assert f"{behind}:1.0.0" in run["reason"]
