"""The box with a module's contents bars nobody, whatever a module says of itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests import filters
from tests.browsing import barriers_on, overflows, watched_page
from tests.live import Hub, unique
from tests.wasmhub.wasm_builder import name, producers

pytestmark = [pytest.mark.browser, pytest.mark.single_setup, pytest.mark.slow]

LONG = "a" * 150
WIDE = {
    "sourceMappingURL": name("https://maps.example/" + LONG * 3),
    "producers": producers(language={LONG: LONG}, processed_by={"clang": "19 " * 60}),
    LONG[:120]: b"",
}


@pytest.fixture(scope="module")
def path(hub: Hub) -> str:
    path, module = f"alice/{unique('wide')}", filters.hello()
    for section, content in WIDE.items():
        module = filters.with_custom_section(module, section, content)
    hub.upload(path, "1.0.0", module, visibility="public")
    hub.wait_for_verdict(path, "1.0.0")
    return path


@pytest.mark.parametrize("width", [360, 1280])
def test_long_texts_of_strangers_fit_and_can_be_read(
    hub: Hub, chromium: Browser, path: str, width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 740})
    page, complaints = watched_page(context)

    page.goto(f"{hub.origin}/{path}/abi")

    expect(page.get_by_role("heading", name="Contents")).to_be_visible()
    expect(page.get_by_text("maps.example")).to_be_visible()
    assert page.get_by_role("link", name="maps.example").count() == 0
    assert not overflows(page)
    assert barriers_on(page) == []
    assert complaints == []
    context.close()
