"""Sign in with GitHub, in a real browser, against a strict stand-in of its endpoints."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.live import Hub, start_hub
from tests.stand_ins.github import CLIENT_ID, CLIENT_SECRET, FakeGitHub, Person, State

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@dataclass(slots=True)
class Pair:
    """A hub and the GitHub that it believes in."""

    hub: Hub
    github: State


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Hub, FakeGitHub]]:
    folder = Path(tempfile.mkdtemp(prefix="wasmhub-github-"))
    github = FakeGitHub()
    environment = dict(os.environ) | {
        "HUB_GITHUB_URL": github.url,
        "HUB_GITHUB_CLIENT_ID": CLIENT_ID,
        "HUB_GITHUB_CLIENT_SECRET": CLIENT_SECRET,
    }
    hub = start_hub(folder, environment)
    yield hub, github
    hub.stop()
    github.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def pair(running: tuple[Hub, FakeGitHub]) -> Pair:
    hub, github = running
    github.state.person = Person()
    github.state.denies = github.state.fails = False
    github.state.asked.clear()
    github.state.refused.clear()
    return Pair(hub, github.state)


def start(page: Page, pair: Pair, next_url: str = "") -> None:
    page.goto(f"{pair.hub.origin}/login" + (f"?next={next_url}" if next_url else ""))
    page.get_by_role("button", name="Continue with GitHub").click()


def test_a_new_person_chooses_a_name_and_comes_back_to_the_same_account(
    page: Page, pair: Pair
) -> None:
    pair.github.person = Person(
        number=901,
        login="New-Person",
        emails=[{"email": "new@example.com", "primary": True, "verified": True}],
    )

    start(page, pair)
    expect(page).to_have_url(f"{pair.hub.origin}/signup/confirm")
    expect(page.get_by_label("Username")).to_have_value(re.compile("new-person", re.IGNORECASE))
    page.get_by_label("Username").fill("newperson")
    page.get_by_role("button", name="Make the account").click()
    page.wait_for_url(f"{pair.hub.origin}/")
    page.context.clear_cookies()
    pair.github.person.login = "renamed-at-github"
    start(page, pair, "/settings/tokens")
    page.wait_for_url(f"{pair.hub.origin}/settings/tokens")

    assert pair.github.refused == []
    assert all(asked["code_challenge_method"] == "S256" for asked in pair.github.asked)
    assert len({asked["state"] for asked in pair.github.asked}) == 2
    assert {asked["redirect_uri"] for asked in pair.github.asked} == {
        f"{pair.hub.origin}/auth/github/callback"
    }
    page.goto(f"{pair.hub.origin}/newperson")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Octavia Example")
    expect(page.locator("main")).to_contain_text("newperson")


def test_a_name_that_is_taken_or_reserved_is_refused_with_the_reason(
    page: Page, pair: Pair
) -> None:
    pair.github.person = Person(
        number=902,
        login="alice",
        emails=[{"email": "other-alice@example.com", "primary": True, "verified": True}],
    )

    start(page, pair)
    for name, reason in (("alice", "taken"), ("acme", "taken"), ("admin", "reserved")):
        page.get_by_label("Username").fill(name)
        page.get_by_role("button", name="Make the account").click()
        expect(page.locator("main")).to_contain_text(reason)

    expect(page).to_have_url(f"{pair.hub.origin}/signup/confirm")


def test_an_address_that_an_account_has_never_signs_in_to_that_account(
    page: Page, pair: Pair
) -> None:
    pair.github.person = Person(
        number=903,
        login="impostor",
        emails=[{"email": "alice@example.com", "primary": True, "verified": False}],
    )

    start(page, pair)

    page.goto(f"{pair.hub.origin}/settings/tokens")
    expect(page).to_have_url(re.compile("/login"))


def test_a_refusal_at_github_is_a_friendly_page(page: Page, pair: Pair) -> None:
    pair.github.denies = True

    start(page, pair)

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(
        page.get_by_role("link", name=re.compile("again|sign in", re.IGNORECASE)).first
    ).to_be_visible()
    page.goto(f"{pair.hub.origin}/settings/tokens")
    expect(page).to_have_url(re.compile("/login"))


def test_a_failing_github_points_to_the_local_sign_in(page: Page, pair: Pair) -> None:
    pair.github.fails = True

    start(page, pair)

    expect(page.locator("main")).to_contain_text("GitHub")
    expect(
        page.get_by_role("link", name=re.compile("again|sign in", re.IGNORECASE)).first
    ).to_be_visible()


def test_a_callback_with_a_forged_state_signs_nobody_in(page: Page, pair: Pair) -> None:
    start(page, pair)
    code = next(iter(pair.github.codes), "no-code-left")

    page.context.clear_cookies()
    page.goto(f"{pair.hub.origin}/auth/github/callback?code={code}&state=forged")
    page.goto(f"{pair.hub.origin}/settings/tokens")

    expect(page).to_have_url(re.compile("/login"))


def test_a_next_address_elsewhere_is_not_followed(page: Page, pair: Pair) -> None:
    pair.github.person = Person(
        number=904,
        login="follower",
        emails=[{"email": "follower@example.com", "primary": True, "verified": True}],
    )

    start(page, pair, "https://evil.example/")
    page.get_by_role("button", name="Make the account").click()

    page.wait_for_url(f"{pair.hub.origin}/")
