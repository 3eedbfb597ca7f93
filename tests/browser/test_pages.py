"""The pages as people meet them: both sizes, both themes, with and without JavaScript."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests import filters
from tests.browsing import barriers_on, overflows, sign_in, watched_page
from tests.live import Hub, unique

pytestmark = [pytest.mark.browser, pytest.mark.single_setup, pytest.mark.slow]

SIZES = [(1280, 800), (360, 740)]
Theme = Literal["light", "dark"]
THEMES: list[Theme] = ["light", "dark"]


@pytest.fixture(scope="module")
def published(hub: Hub) -> str:
    """Return the path of a public extension with a README."""
    path = f"acme/{unique('page')}"
    hub.upload(path, "1.0.0", filters.hello(), visibility="public", description="For its page.")
    hub.wait_for_verdict(path, "1.0.0")
    hub.upload(path, "0.9.0", filters.example("acme/rate-limit", "1.0.0"))
    hub.wait_for_verdict(path, "0.9.0")
    readme = (
        "# Long\n\n" + "word " * 200 + "\n\n```\n" + "x" * 300 + "\n```\n\n| a | b |\n|---|---|\n"
    )
    hub.api(
        "PATCH",
        f"/extensions/{path}",
        who="alice",
        json={"readme": readme + f"| {'y' * 200} | z |\n", "license": "MIT", "category": "auth"},
    )
    expected = {"outcome": "replied", "response": {"headers": {"x" * 100: "y" * 300}}}
    for name, ended in (("plain", expected), ("a-" * 28 + "name", {"outcome": "continued"})):
        answer = hub.api(
            "PUT",
            f"/extensions/{path}/examples/{name}",
            who="alice",
            json={"trial": {}, "expected": ended, "description": "A plain request. " * 10},
        )
        assert answer.status_code == 200, answer.text
    hub.wait_until_found(path.partition("/")[2], path)
    return path


def in_view(page: Page, element: Locator) -> bool:
    """Tell whether the whole element stands on the first screen."""
    box = element.bounding_box()
    size = page.viewport_size
    assert box is not None
    assert size is not None
    return box["y"] >= 0 and box["y"] + box["height"] <= size["height"]


@pytest.mark.parametrize("size", SIZES)
def test_the_first_screen_says_what_it_is_and_offers_search_and_push(
    hub: Hub, chromium: Browser, size: tuple[int, int]
) -> None:
    page = chromium.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(hub.origin)

    what = page.get_by_role("heading", level=1)
    search = page.get_by_role("searchbox").first
    push = page.get_by_text("docker://").first

    expect(what).to_contain_text("Envoy")
    assert all(in_view(page, each) for each in (what, search, push))
    page.close()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
def test_no_page_overflows_complains_or_bars_anybody(
    hub: Hub, chromium: Browser, published: str, size: tuple[int, int], theme: Theme
) -> None:
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme
    )
    page, complaints = watched_page(context)
    sign_in(page, hub.origin, "alice")
    wide, barriers = [], []
    for path in (
        "/",
        "/search?q=a",
        "/search?q=nothing-has-this-word",
        f"/{published}",
        f"/{published}/versions",
        f"/{published}/versions/1.0.0",
        f"/{published}/compare/0.9.0...1.0.0",
        f"/{published}/abi",
        f"/{published}/try",
        f"/{published}/try?t=eNqrVipKLSxNLS5RsqpWKkgsyVCyUtLPSM3JyVeqrQUAmgQKKg",
        f"/{published}/try?example=plain",
        f"/{published}/try/examples",
        f"/{published}/try/examples/plain",
        f"/{published}/settings",
        "/acme",
        "/acme/-/people",
        "/new",
        "/settings/tokens",
        "/settings/organizations",
        "/orgs/new",
        "/docs/",
        "/docs/publish",
        "/docs/findings/wasm/unknown-import",
        "/styleguide",
        "/nothing/here",
    ):
        page.goto(hub.origin + path)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        if overflows(page):
            wide.append(path)
        if (size, theme) in {(SIZES[0], "light"), (SIZES[1], "dark")}:  # it takes its time
            barriers += [f"{path}: {each}" for each in barriers_on(page)]

    assert wide == []
    assert barriers == []
    assert complaints == []
    context.close()


def test_search_and_reading_work_without_javascript(
    hub: Hub, chromium: Browser, published: str
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(hub.origin)
    page.get_by_role("searchbox").first.fill(published.partition("/")[2])
    page.get_by_role("button", name="Search").first.click()
    page.get_by_role("link", name=published).first.click()

    expect(page.get_by_role("heading", name="Long")).to_be_visible()
    expect(page.get_by_text("skopeo").first).to_be_attached()
    context.close()


def test_publishing_works_without_javascript(hub: Hub, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    name = unique("plain")
    sign_in(page, hub.origin, "alice")
    page.goto(f"{hub.origin}/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Version").fill("1.0.0")
    page.get_by_label("Module").set_input_files(
        {"name": "f.wasm", "mimeType": "application/wasm", "buffer": filters.hello()}
    )
    page.get_by_role("button", name="Upload and check").click()

    expect(page).to_have_url(f"{hub.origin}/alice/{name}/versions/1.0.0")
    hub.wait_for_verdict(f"alice/{name}", "1.0.0")
    page.reload()
    expect(page.locator("main")).to_contain_text("Passed")
    context.close()


def test_a_wrong_form_says_so_beside_the_field_and_keeps_what_was_typed(
    hub: Hub, page: Page
) -> None:
    sign_in(page, hub.origin, "alice")
    page.goto(f"{hub.origin}/new")
    page.get_by_label("Name", exact=True).fill("Not A Name")
    page.get_by_label("Version").fill("1.0.0")
    page.get_by_label("Module").set_input_files(
        {"name": "f.wasm", "mimeType": "application/wasm", "buffer": filters.hello()}
    )
    page.get_by_role("button", name="Upload and check").click()

    expect(page.locator("[data-field=name]")).to_contain_text("lower-case")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Not A Name")


def test_an_access_token_is_shown_once_and_can_be_revoked(hub: Hub, page: Page) -> None:
    sign_in(page, hub.origin, "mallory")
    page.goto(f"{hub.origin}/settings/tokens")
    page.get_by_label("Name", exact=True).fill("workbench")
    page.get_by_role("button", name="Make").first.click()
    expect(page.locator("main")).to_contain_text("whub_")

    page.goto(f"{hub.origin}/settings/tokens")

    expect(page.locator("main")).to_contain_text("workbench")
    page.get_by_role("button", name="Revoke workbench").click()
    expect(page.locator("main")).not_to_contain_text("workbench")


def test_an_organization_is_founded_and_gets_a_member(hub: Hub, page: Page) -> None:
    name = unique("org")
    sign_in(page, hub.origin, "mallory")
    page.goto(f"{hub.origin}/orgs/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.locator("main").get_by_role("button").last.click()
    page.wait_for_url(f"{hub.origin}/{name}/-/people")

    page.get_by_label("Username").fill("bob")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("button", name="Remove bob")).to_be_visible()


def test_the_theme_is_kept(hub: Hub, page: Page) -> None:
    page.goto(hub.origin)

    with page.expect_response("**/theme"):
        page.get_by_role("button", name="Dark").first.click()

    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto(f"{hub.origin}/search")
    assert page.locator("html").get_attribute("data-theme") == "dark"
