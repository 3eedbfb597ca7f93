"""Trials that authors keep: saved, run again for each release, and shown as passed or failed."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from tests import filters
from tests.live import PASSWORD, Hub, unique

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


def token_in(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    return found[1] if found else ""


@pytest.fixture(scope="module")
def browsers(hub: Hub) -> Iterator[dict[str | None, httpx.Client]]:
    """Sign two people in as browsers do, and one nobody."""
    with ExitStack() as stack:
        clients: dict[str | None, httpx.Client] = {}
        for who in ("alice", "mallory", None):
            client = stack.enter_context(hub.client())
            client.headers["Referer"] = f"{hub.origin}/"
            if who is not None:
                said = {"login": who, "password": PASSWORD}
                said["csrfmiddlewaretoken"] = token_in(client.get("/login").text)
                assert client.post("/login", data=said).status_code == 302
            clients[who] = client
        yield clients


class TestOnThePage:
    @pytest.fixture
    def alice(self, browsers: dict[str | None, httpx.Client]) -> httpx.Client:
        return browsers["alice"]

    def send(
        self, client: httpx.Client, address: str, said: dict[str, str], *, form: str = ""
    ) -> httpx.Response:
        """Send the form of a page as a browser without scripts does."""
        token = token_in(client.get(f"/{form or address}").text)
        return client.post(f"/{address}", data=said | {"csrfmiddlewaretoken": token})

    def test_a_trial_is_saved_with_the_result_that_it_had(
        self, hub: Hub, denying: str, alice: httpx.Client
    ) -> None:
        tried = self.send(alice, f"{denying}/try", {"method": "GET", "path": "/.git/config"}).text
        hidden = re.search(r'name="trial" value="([^"]*)"', tried)
        proposed = re.search(r'<textarea name="expected".*?>(.*?)</textarea>', tried, re.DOTALL)
        assert hidden is not None
        assert proposed is not None
        said = {
            "name": "from-the-page",
            "description": "Nobody reads <b>git</b>.",
            "trial": html.unescape(hidden[1]),
            "expected": html.unescape(proposed[1]),
        }

        saved = self.send(alice, f"{denying}/try/examples?version=1.0.0", said)

        assert saved.status_code == 302, saved.text
        assert saved.headers["location"].endswith("/try?version=1.0.0&example=from-the-page")
        kept = hub.api("GET", f"/extensions/{denying}/examples/from-the-page").json()
        assert kept["trial"]["request"]["path"] == "/.git/config"
        assert kept["expected"]["response"]["status"] == 403
        assert run_of(hub, denying, "from-the-page")["state"] == "passed"

    def test_an_example_opens_filled_in_and_run(self, hub: Hub, denying: str) -> None:
        save(hub, denying, "opened", description="<i>Closed.</i>")
        run_of(hub, denying, "opened")

        with hub.client() as client:
            page = client.get(f"/{denying}/try?example=opened").text

        assert 'value="/.env"' in page
        assert "This path is closed." in page
        assert "&lt;i&gt;Closed.&lt;/i&gt;" in page
        assert "<i>Closed.</i>" not in page
        assert "Save as example" not in page
        assert "/try/examples/opened" not in page

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ({"name": "<b>x</b>"}, "lower-case letters"),
            ({"trial": "[" * 50_000}, "nested too deeply"),
            ({"expected": '{"outcome": "</textarea><script>"}'}, "outcome is one of"),
        ],
    )
    def test_what_is_no_example_is_refused_and_nothing_typed_is_lost(
        self, denying: str, alice: httpx.Client, said: dict[str, str], told: str
    ) -> None:
        fields = {"name": "refused", "trial": json.dumps(CLOSED), "expected": json.dumps(DENIED)}

        page = self.send(alice, f"{denying}/try/examples", fields | said)

        assert page.status_code == 400
        assert told in html.unescape(page.text)
        assert "</textarea><script>" not in page.text
        assert html.escape(said.get("name", "refused")) in page.text

    def test_an_example_is_changed_and_deleted(
        self, hub: Hub, denying: str, alice: httpx.Client
    ) -> None:
        save(hub, denying, "to-change")
        address = f"{denying}/try/examples/to-change"
        said = {"description": "New.", "trial": "{}", "expected": '{"outcome": "continued"}'}

        changed = self.send(alice, address, said)
        kept = hub.api("GET", f"/extensions/{denying}/examples/to-change").json()
        deleted = self.send(alice, f"{address}/delete", {}, form=address)

        assert (changed.status_code, deleted.status_code) == (302, 302)
        assert (kept["description"], kept["trial"]) == ("New.", {})
        assert hub.api("GET", f"/extensions/{denying}/examples/to-change").status_code == 404

    def test_only_who_may_publish_is_offered_to_write(
        self, hub: Hub, denying: str, browsers: dict[str | None, httpx.Client]
    ) -> None:
        save(hub, denying, "guarded")
        address = f"{denying}/try/examples/guarded"
        elsewhere = f"{denying}/try"  # this page has a form, and so a token

        stranger = self.send(browsers["mallory"], f"{address}/delete", {}, form=elsewhere)
        nobody = self.send(browsers[None], f"{address}/delete", {}, form=elsewhere)
        without_token = browsers["alice"].post(f"/{address}/delete")

        assert browsers["mallory"].get(f"/{address}").status_code == 403
        assert stranger.status_code == 403
        assert "extension:publish" in stranger.text
        assert nobody.status_code in {302, 401}
        assert without_token.status_code == 403
        assert hub.api("GET", f"/extensions/{denying}/examples/guarded").status_code == 200

    def test_says_what_a_plain_request_becomes(self, hub: Hub, denying: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        said = ""
        while "On a plain" not in said and time.monotonic() < deadline:
            with hub.client() as client:
                said = client.get(f"/{denying}/try").text

        assert "it lets the request pass and changes no header." in said
