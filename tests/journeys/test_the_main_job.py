"""
The main job, once through: push a real filter, see it judged, find it, load it in Envoy.

Real parts all the way: skopeo, the hub's own worker, Chromium, Envoy.
"""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests import filters
from tests.browsing import sign_in
from tests.envoy import first_answer, running_envoy
from tests.live import Hub, unique
from tests.oci_clients import layout, skopeo
from tests.servers import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def push_with_skopeo(hub: Hub, folder: Path, path: str, version: str) -> None:
    source = layout(folder, filters.hello(), description="Greets every caller with a header.")
    pushed = skopeo(
        *("copy", "--dest-tls-verify=false", "--dest-creds", f"alice:{hub.tokens['alice']}"),
        f"oci:{source}:it",
        f"docker://{hub.host}/{path}:{version}",
    )
    assert pushed.returncode == 0, pushed.stderr


def make_public(page: Page, hub: Hub, path: str) -> None:
    page.goto(f"{hub.origin}/{path}/settings")
    page.get_by_label("Public: everybody").check()
    page.get_by_label("Readme").fill(
        "# Greeter\n\nIt says **hello** to [everybody](https://a.example/)."
    )
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"{hub.origin}/{path}")


def find(page: Page, hub: Hub, typed: str, path: str) -> None:
    """Type into the search of the first page as a visitor does, and open the result."""
    page.goto(hub.origin)
    page.keyboard.press("/")
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/search"))
    expect(page.get_by_role("link", name=path).first).to_be_visible()
    page.get_by_role("link", name=path).first.click()
    page.wait_for_url(f"{hub.origin}/{path}")


def test_push_judge_find_and_load(
    hub: Hub, page: Page, context: BrowserContext, tmp_path: Path
) -> None:
    name = unique("greeter")
    path = f"alice/{name}"

    push_with_skopeo(hub, tmp_path, path, "1.0.0")
    hub.wait_for_verdict(path, "1.0.0")
    assert httpx.get(f"{hub.origin}/{path}").status_code == 404
    sign_in(page, hub.origin, "alice")
    make_public(page, hub, path)
    context.clear_cookies()
    hub.wait_until_found(name, path)

    find(page, hub, name[:-3], path)
    expect(page.get_by_role("heading", name="Greeter", exact=True)).to_be_visible()
    expect(page.locator("main")).to_contain_text("Greets every caller with a header.")
    expect(page.locator("main")).to_contain_text("0.2.1")
    port = free_port()
    link = page.locator("a[href$='/manifests/envoy']").first.get_attribute("href")
    manifest = httpx.get(f"{hub.origin}{link}", params={"port": port}).text
    with running_envoy(manifest, port, tmp_path) as origin:
        answer = first_answer(origin)

    assert answer.headers["x-hello"] == "world"


def test_an_upload_shows_its_verdict_without_a_reload(hub: Hub, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "filter.wasm"
    file.write_bytes(filters.hello())
    name = unique("uploaded")
    sign_in(page, hub.origin, "bob")

    page.goto(f"{hub.origin}/new")
    page.get_by_label("Namespace", exact=True).select_option("acme")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Version").fill("0.1.0")
    page.get_by_label("Description").fill("Uploaded by hand.")
    page.get_by_label("Public: everybody").check()
    page.get_by_label("Module").set_input_files(file)
    page.get_by_role("button", name="Upload and check").click()
    page.wait_for_url(f"{hub.origin}/acme/{name}/versions/0.1.0")

    expect(page.locator("main")).to_contain_text("passed", timeout=60_000, ignore_case=True)


@pytest.mark.parametrize(
    ("content", "says"),
    [(filters.TEXT, "no WebAssembly module"), (filters.COMPONENT, "component")],
)
def test_a_file_that_is_no_filter_says_on_its_page_what_to_do(
    hub: Hub, page: Page, content: bytes, says: str
) -> None:
    path = f"bob/{unique('broken')}"
    hub.upload(path, "1.0.0", content, who="bob", visibility="public")
    hub.wait_for_verdict(path, "1.0.0", who="bob")
    sign_in(page, hub.origin, "bob")

    page.goto(f"{hub.origin}/{path}/versions/1.0.0")

    expect(page.locator("main")).to_contain_text(says)
    help_link = page.locator("a[href^='/docs/findings/']").first
    help_link.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
