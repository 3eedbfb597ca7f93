"""Examples on the pages, as a browser without scripts sees them."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.doors.test_examples import CLOSED, DENIED, PATIENCE_SECONDS, extension, run_of, save
from tests.live import PASSWORD, Hub


@pytest.fixture(scope="module")
def denying(hub: Hub) -> str:
    return extension(hub)


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
