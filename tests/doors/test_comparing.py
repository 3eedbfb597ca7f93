"""What changes between two releases, on the page and by REST."""

from __future__ import annotations

import httpx
import pytest

from tests import filters
from tests.live import Hub, unique


@pytest.fixture(scope="module")
def path(hub: Hub) -> str:
    """Publish a release, one that can answer requests itself, and the same bytes again."""
    path = f"alice/{unique('grown')}"
    answering = filters.example("acme/deny-paths", "1.0.0")
    modules = [filters.hello(), answering, answering]
    for version, module in zip(("1.0.0", "1.1.0", "1.1.1"), modules, strict=True):
        assert hub.upload(path, version, module, visibility="public").status_code == 202
        assert hub.wait_for_verdict(path, version)["verdict"] == "passed"
    return path


def page(hub: Hub, path: str, who: str | None = None) -> httpx.Response:
    with hub.client(who) as client:
        return client.get(f"/{path}")


def test_a_capability_that_a_release_gains_is_a_warning_on_its_page(hub: Hub, path: str) -> None:
    grown = page(hub, f"{path}/versions/1.1.0").text
    same = page(hub, f"{path}/versions/1.1.1").text

    assert "It can do more than 1.0.0" in grown
    assert "<code>local-response</code>" in grown
    assert f'href="/{path}/compare/1.0.0...1.1.0"' in grown
    assert "It can do more" not in same


def test_the_page_names_what_came_and_what_went(hub: Hub, path: str) -> None:
    forth = page(hub, f"{path}/compare/1.0.0...1.1.0")
    back = page(hub, f"{path}/compare/1.1.0...1.0.0")

    assert forth.status_code == 200
    assert "1.1.0 can do more" in forth.text
    assert "It can answer a request itself." in forth.text
    assert "proxy_send_local_response" in forth.text
    assert '<span class="visually-hidden">Lost: </span>local-response' in back.text


def test_two_versions_of_the_same_bytes_say_so(hub: Hub, path: str) -> None:
    assert "The module is the same." in page(hub, f"{path}/compare/1.1.0...1.1.1").text


def test_a_form_chooses_the_versions(hub: Hub, path: str) -> None:
    versions = page(hub, f"{path}/versions").text
    chosen = page(hub, f"{path}/compare?from=1.0.0&to=v1.1.0")

    assert 'name="from"' in versions
    assert (chosen.status_code, chosen.headers["location"]) == (
        302,
        f"/{path}/compare/1.0.0...1.1.0",
    )


def test_programs_get_the_same(hub: Hub, path: str) -> None:
    answer = hub.api("GET", f"/extensions/{path}/compare/1.0.0...1.1.0", who=None)

    assert answer.status_code == 200
    document = answer.json()
    assert document["same"] is False
    assert "local-response" in document["capabilities"]["gained"]
    gained = [each["name"] for each in document["imports"]["gained"]]
    assert "proxy_send_local_response" in gained


@pytest.mark.parametrize(
    "span", ["1.0.0", "1.0.0...", "1.0.0...9.9.9", "...", "a...b", "1.0.0..1.1.0", "x" * 3000]
)
def test_what_are_not_two_versions_is_not_found(hub: Hub, path: str, span: str) -> None:
    assert page(hub, f"{path}/compare/{span}").status_code == 404
    answer = hub.api("GET", f"/extensions/{path}/compare/{span}", who="alice")
    assert answer.status_code == 404


def test_a_private_extension_is_not_compared_for_strangers(hub: Hub) -> None:
    path = f"alice/{unique('hidden')}"
    for version in ("1.0.0", "1.1.0"):
        hub.upload(path, version, filters.hello(), visibility="private")
        hub.wait_for_verdict(path, version)

    for url in (f"{path}/compare/1.0.0...1.1.0", f"{path}/compare?from=1.0.0&to=1.1.0"):
        assert page(hub, url).status_code == 404
    assert (
        hub.api("GET", f"/extensions/{path}/compare/1.0.0...1.1.0", who="mallory").status_code
        == 404
    )
    assert (
        hub.api("GET", f"/extensions/{path}/compare/1.0.0...1.1.0", who="alice").status_code == 200
    )
