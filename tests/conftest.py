"""Fixtures that more than one room's tests use."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import override_settings, testcases
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from core.content import content_store
from tests.browsing import launch, watched_page
from tests.live import Hub, start_hub
from tests.registries import PASSWORD, USERNAME, BackingRegistry


@pytest.fixture(autouse=True)
def _fresh_folders() -> Iterator[None]:
    """Let no test see another one's cached pages or uploads."""
    yield
    if settings.REDIS_URL == "":
        cache.clear()
    content_store.cache_clear()


@pytest.fixture(autouse=True)
def _fast_passwords() -> Iterator[None]:
    """Hash passwords cheaply in the tests' own process; hubs that they start do it in earnest."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_permissions() -> Iterator[None]:
    """
    Spare tests with transactions of their own the making of Django's permissions before each.

    The hub's policy does not use them, and they take longer than most of those tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(testcases, "emit_post_migrate_signal", lambda **_kwargs: None)
        yield


@pytest.fixture(scope="session")
def hub() -> Iterator[Hub]:
    """
    Run a whole hub, as ``make run`` does, with four people in it.

    alice owns the organization acme, bob is a member, mallory is nobody there, robot is alice's
    access token. Tests share it: each makes names of its own.
    """
    folder = Path(tempfile.mkdtemp(prefix="wasmhub live "))
    running = start_hub(folder, dict(os.environ))
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module", params=["files", "registry"])
def hub_on_store(request: pytest.FixtureRequest) -> Iterator[Hub]:
    """Run a whole hub of its own on each content store: files, and a registry behind it."""
    folder = Path(tempfile.mkdtemp(prefix="wasmhub store "))
    environment = dict(os.environ)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if request.param == "registry":
            backing = BackingRegistry("distribution", folder, users=True)
            stack.callback(backing.stop)
            environment |= {
                "HUB_REGISTRY_URL": f"{backing.url}/hub/content",
                "HUB_REGISTRY_USERNAME": USERNAME,
                "HUB_REGISTRY_PASSWORD": PASSWORD,
            }
        running = start_hub(folder, environment)
        stack.callback(running.stop)
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """
    Start Chromium for the tests of one file.

    While it runs there is an event loop in this thread, which other files' tests cannot bear.
    """
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    opened = chromium.new_context(viewport={"width": 1280, "height": 800})
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Return a page; the test fails when the page logged an error or broke the CSP."""
    page, complaints = watched_page(context)
    yield page
    assert complaints == []
