"""Trying a release on a request: by REST and on its page."""

from __future__ import annotations

import base64
import re
import zlib
from typing import Any

import httpx
import pytest

from tests import filters
from tests.live import Hub, unique
from tests.wasmhub.wasm_builder import Export, wasm_module

# A link with half a character in it.
HALF = base64.urlsafe_b64encode(zlib.compress(b'{"config": "\\ud800"}')).decode()


def published(hub: Hub, example: str, version: str = "1.1.0", *, visibility: str = "public") -> str:
    path = f"alice/{unique('tried')}"
    hub.upload(path, version, filters.example(example, version), visibility=visibility)
    assert hub.wait_for_verdict(path, version)["verdict"] == "passed"
    return path


@pytest.fixture(scope="module")
def denying(hub: Hub) -> str:
    return published(hub, "acme/deny-paths")


@pytest.fixture(scope="module")
def numbering(hub: Hub) -> str:
    return published(hub, "northwind/request-id")


def attempt(
    hub: Hub, path: str, trial: Any, *, version: str = "1.1.0", who: str | None = None
) -> httpx.Response:
    return hub.api("POST", f"/extensions/{path}/releases/{version}/trials", who=who, json=trial)


def test_a_filter_that_changes_headers_shows_what_both_ends_got(hub: Hub, numbering: str) -> None:
    trial = {"request": {"path": "/hello", "headers": [["x-a", "1"], ["x-a", "2"]]}}

    answer = attempt(hub, numbering, trial)

    assert answer.status_code == 200, answer.text
    outcome = answer.json()
    assert outcome["outcome"] == "continued"
    given = dict(outcome["request"]["headers"])["x-request-id"]
    assert dict(outcome["response"]["headers"])["x-request-id"] == given
    assert [value for name, value in outcome["request"]["headers"] if name == "x-a"] == ["1", "2"]
    assert outcome["response"]["status"] == 200
    assert outcome["fuel"] > 0


def test_a_filter_that_answers_keeps_the_request_from_the_upstream(hub: Hub, denying: str) -> None:
    outcome = attempt(hub, denying, {"request": {"path": "/.env"}}).json()

    assert outcome["outcome"] == "replied"
    assert outcome["response"]["status"] == 403


def test_a_filter_that_breaks_down_is_told_and_harms_nobody(hub: Hub, denying: str) -> None:
    path = f"alice/{unique('trapping')}"
    module = wasm_module(
        exports=[
            Export("proxy_abi_version_0_2_1"),
            Export("malloc", "(i32) -> (i32)"),
            Export("proxy_on_request_headers", "(i32 i32 i32) -> (i32)"),
            Export("memory", kind="memory"),
        ]
    )
    hub.upload(path, "1.1.0", module, visibility="public")
    assert hub.wait_for_verdict(path, "1.1.0")["verdict"] == "passed"

    outcome = attempt(hub, path, {}).json()

    assert (outcome["outcome"], outcome["response"]["status"]) == ("trapped", 503)
    assert "unreachable" in outcome["reason"]
    assert attempt(hub, denying, {}).json()["outcome"] == "continued"


def test_a_chain_runs_in_order_and_asks_for_rights_to_each(
    hub: Hub, denying: str, numbering: str
) -> None:
    hidden = published(hub, "northwind/request-id", visibility="private")
    behind = {"request": {"path": "/"}, "plugins": [{"module": f"{numbering}:1.1.0"}]}
    secret = {"request": {"path": "/"}, "plugins": [{"module": f"{hidden}:1.1.0"}]}

    both = attempt(hub, denying, behind).json()
    closed = attempt(hub, denying, behind | {"request": {"path": "/.env"}}).json()

    assert "x-request-id" in dict(both["request"]["headers"])
    assert "x-request-id" not in dict(closed["request"]["headers"])
    assert attempt(hub, denying, secret, who="mallory").status_code == 404
    assert attempt(hub, denying, secret, who="alice").status_code == 200


@pytest.mark.parametrize(
    ("trial", "told"),
    [
        ({"request": {"path": "no slash"}}, "path"),
        ({"request": {"method": "get it"}}, "method"),
        ({"request": {"headers": [["a"]]}}, "header"),
        ({"request": 5}, "request"),
        ({"nonsense": 1}, "nonsense"),
        ({"config": {"a": 1}}, "config"),
        ({"plugins": [{"module": "alice"}]}, "<namespace>/<name>:<version>"),
        ({"plugins": [{"module": "a/b:1.0.0"}] * 3}, "at most 2"),
        ({"replies": [{"status": 200}]}, "cluster"),
        ([], "Invalid"),
    ],
)
def test_what_is_no_trial_is_refused_with_the_reason(
    hub: Hub, denying: str, trial: Any, told: str
) -> None:
    answer = attempt(hub, denying, trial)

    assert answer.status_code == 400, answer.text
    assert told in answer.text


def test_half_a_character_in_a_reference_is_a_module_that_nobody_has(
    hub: Hub, denying: str
) -> None:
    answer = hub.api(
        "POST",
        f"/extensions/{denying}/releases/1.1.0/trials",
        content=rb'{"plugins": [{"module": "alice/\ud800:1.0.0"}]}',
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 404, answer.text


def test_what_one_may_not_see_cannot_be_tried(hub: Hub) -> None:
    hidden = published(hub, "acme/deny-paths", visibility="private")

    assert attempt(hub, hidden, {}).status_code == 404
    assert attempt(hub, hidden, {}, who="mallory").status_code == 404
    assert attempt(hub, hidden, {}, who="alice").status_code == 200
    with hub.client() as client:
        assert client.get(f"/{hidden}/try").status_code == 404


class TestOnThePage:
    def send(self, hub: Hub, extension: str, **fields: str) -> httpx.Response:
        with hub.client() as client:
            form = client.get(f"/{extension}/try").text
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
            assert token is not None
            said = {"method": "GET", "path": "/", "csrfmiddlewaretoken": token[1], **fields}
            headers = {"Referer": f"{hub.origin}/{extension}/try"}
            return client.post(f"/{extension}/try", data=said, headers=headers)

    def test_a_sent_request_shows_what_the_filter_did(self, hub: Hub, numbering: str) -> None:
        page = self.send(hub, numbering, path="/hello", headers="X-A: <b>1</b>")

        assert page.status_code == 200
        assert '<span class="visually-hidden">Added: </span>x-request-id' in page.text
        assert "&lt;b&gt;1&lt;/b&gt;" in page.text
        assert "<b>1</b>" not in page.text

    def test_a_link_shows_the_same_trial_to_others(self, hub: Hub, denying: str) -> None:
        page = self.send(hub, denying, path="/.env")
        link = re.search(rf'href="(/{denying}/try\?[^"]+)"', page.text)
        assert link is not None
        with hub.client() as client:
            shared = client.get(link[1].replace("&amp;", "&")).text

        assert 'value="/.env"' in shared
        assert "This path is closed." in shared

    @pytest.mark.parametrize("text", ["x", "AAAA", "x" * 7000, "eJyrrgUAAXUA-Q", "%00", "é", HALF])
    def test_a_broken_link_says_so(self, hub: Hub, denying: str, text: str) -> None:
        with hub.client() as client:
            page = client.get(f"/{denying}/try", params={"t": text})

        assert page.status_code in {200, 400}
        assert "Traceback" not in page.text
        assert 'name="path"' in page.text

    def test_a_line_that_is_no_header_is_named(self, hub: Hub, denying: str) -> None:
        page = self.send(hub, denying, headers="no colon here")

        assert page.status_code == 400
        assert "This line is no header: no colon here" in page.text

    def test_what_the_upstream_answers_can_be_said(self, hub: Hub, numbering: str) -> None:
        page = self.send(hub, numbering, status="404", upstream_body="Nothing is here.")

        assert "Nothing is here." in page.text
        assert ">404<" in page.text
