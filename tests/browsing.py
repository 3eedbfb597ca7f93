"""Drive Debian's Chromium."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

from tests.live import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launch(playwright: Playwright) -> Browser:
    """Start Chromium; its own sandbox does not work for root."""
    flags = FLAGS + (["--no-sandbox"] if os.geteuid() == 0 else [])
    return playwright.chromium.launch(executable_path=CHROMIUM, args=flags)


def watched_page(context: BrowserContext) -> tuple[Page, list[str]]:
    """Open a page and collect what it complains of: script errors, CSP breaches, failed loads."""
    page = context.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []

    def console(message: ConsoleMessage) -> None:
        # A page that answers 4xx on purpose is logged by the browser as well.
        if (
            message.type == "error"
            and "the server responded with a status of 4" not in message.text
        ):
            complaints.append(message.text)

    page.on("console", console)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


def sign_in(page: Page, origin: str, name: str) -> None:
    """Sign in with a local account."""
    page.goto(f"{origin}/login")
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{origin}/")


def overflows(page: Page) -> bool:
    """Tell whether the page is wider than the window."""
    return bool(
        page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    )


def barriers_on(page: Page) -> list[str]:
    """Return what axe finds against WCAG and good practice on the page: rule and elements."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {[node['target'] for node in each['nodes']][:5]}" for each in found]
