"""The forms of the page for trials: connections, chains, and configurations that have a schema."""

from __future__ import annotations

import html
import json
import re

import httpx
import pytest

from tests import filters
from tests.doors.test_forms import ARCHIVE, released
from tests.live import Hub, unique
from tests.wasmhub.oci.image_builder import build
from validation.sharing import from_link
from wasmhub.oci import media

SPEC = b"""
info: {category: auth, name: jwt, title: JWT for all, description: Checks tokens.}
spec:
  configSchema:
    openAPIV3Schema:
      type: object
      required: [issuer]
      properties:
        issuer: {type: string, description: Who signs <b>.}
        leeway: {type: integer, default: 60}
"""


def published(hub: Hub, example: str, version: str) -> str:
    path = f"alice/{unique('form')}"
    hub.upload(path, version, filters.example(example, version), visibility="public")
    assert hub.wait_for_verdict(path, version)["verdict"] == "passed"
    return path


@pytest.fixture(scope="module")
def guarding(hub: Hub) -> str:
    """Publish a filter for connections."""
    return published(hub, "acme/require-tls", "1.0.0")


def send(hub: Hub, extension: str, /, **fields: str) -> httpx.Response:
    with hub.client() as client:
        client.headers["Referer"] = f"{hub.origin}/"
        form = client.get(f"/{extension}/try").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token is not None, form
        return client.post(f"/{extension}/try", data={"csrfmiddlewaretoken": token[1], **fields})


def shared(page: str) -> dict[str, object]:
    """Return the trial that the page's link stands for."""
    link = re.search(r'href="[^"]*[?&]t=([\w-]+)"', html.unescape(page))
    assert link is not None, page
    return from_link(link[1])


class TestAConnection:
    def test_is_asked_for_where_there_are_no_requests(self, hub: Hub, guarding: str) -> None:
        with hub.client() as client:
            page = client.get(f"/{guarding}/try").text

        assert 'name="downstream"' in page
        assert 'name="path"' not in page

    def test_that_the_filter_closes(self, hub: Hub, guarding: str) -> None:
        page = send(hub, guarding, downstream="GET / HTTP/1.1", upstream="hi", written="text").text

        assert "The filter did not let all of it pass." in page
        assert "a client does not speak TLS" in page
        assert shared(page) == {"connection": {"downstream": "GET / HTTP/1.1", "upstream": "hi"}}

    def test_that_comes_in_pieces(self, hub: Hub, guarding: str) -> None:
        said = {"downstream": "16\r\n03 01", "upstream": "", "written": "hex", "pieces": "on"}

        page = send(hub, guarding, **said).text

        assert "The bytes, as the upstream got them" in page
        assert html.escape(r"\x16\x03\x01") in page
        assert "of memory in the sandbox" in page

    def test_that_is_no_hex_is_refused_beside_its_field(self, hub: Hub, guarding: str) -> None:
        page = send(hub, guarding, downstream="1", upstream="", written="hex")

        assert page.status_code == 400
        assert "Write pairs of hexadecimal digits" in page.text


def test_a_chain_is_written_into_the_form(hub: Hub) -> None:
    redacting = published(hub, "mira/json-redact", "0.2.0")
    greeting = published(hub, "ada/hello", "1.0.0")
    body = '{\n  "card": "4111 1111 1111 1111",\n  "time": 1\n}'

    page = send(
        hub,
        redacting,
        method="GET",
        path="/",
        status="200",
        upstream_headers="content-type: application/json",
        upstream_body=body,
        plugin_1_module=f"{greeting}:1.0.0",
    ).text

    assert '<span class="visually-hidden">Added: </span>x-hello' in page
    gone = '  "card": "4111 1111 1111 1111",'
    come = '  "card": "**** **** **** 1111",'
    assert f"Removed: </span>{html.escape(gone)}" in page
    assert f"Added: </span>{html.escape(come)}" in page
    assert f'<li data-move="kept"><code>{html.escape(body.splitlines()[2])}' in page


@pytest.fixture(scope="module")
def described(hub: Hub) -> str:
    """Publish an image that brings a schema of its configuration."""
    empty = "application/vnd.oci.empty.v1+json"
    layers = [(media.HIGRESS_SPEC, SPEC), ARCHIVE]
    path, release = released(hub, build(layers, config_type=empty, config=b"{}"))
    assert release["verdict"] == "passed"
    return path


class TestASchema:
    def test_makes_a_form_of_the_configuration(self, hub: Hub, described: str) -> None:
        with hub.client() as client:
            page = client.get(f"/{described}/try").text

        assert "issuer (required)" in page
        assert "Who signs &lt;b&gt;." in page

        page = send(hub, described, method="GET", path="/", config_0="me", config_1="5").text

        config = str(shared(page)["config"])
        assert json.loads(config) == {"issuer": "me", "leeway": 5}
        assert re.search(r'name="config_1" value="5"', page)

    def test_gives_way_to_the_whole_as_text(self, hub: Hub, described: str) -> None:
        page = send(hub, described, method="GET", path="/", config_0="me", config="all: of it").text

        assert shared(page)["config"] == "all: of it"

    def test_refuses_what_is_no_such_value(self, hub: Hub, described: str) -> None:
        page = send(hub, described, method="GET", path="/", config_1="five")

        assert page.status_code == 400
        assert "Write a whole number." in page.text
