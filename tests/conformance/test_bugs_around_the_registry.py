"""
The same for what stands around the registry: its start, its workers, its pages and its REST API.

Reference: registry.md, "Bugs not to repeat". Each name says what must hold.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured

from hub.celery import app as celery_app
from hub.first_start import secret_key
from tests.conformance.wire import NO_CERTIFICATES, Repo, send
from tests.live import PASSWORD, ROOT, Hub
from tests.registry.driving import basic

ROOMS = ("hub", "registry", "validation", "catalog", "accounts", "core", "wasmhub")


class TestKnownSecrets:
    """GHSA-j7jh-fmcm-xxwv and CVE-2026-4404 of Harbor."""

    @pytest.mark.parametrize(
        "key", ["", "short", "changeme" * 8, "django-insecure-" + "0123456789" * 5, "secret" * 9]
    )
    def test_are_no_keys(self, key: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="HUB_SECRET_KEY"):
            secret_key(key, data_dir=None)

    def test_do_not_start_a_hub_for_others(self, tmp_path: Path) -> None:
        started = subprocess.run(
            [sys.executable, "-c", "import hub.settings"],
            env={"HUB_DATA_DIR": str(tmp_path), "HUB_PUBLIC_ORIGIN": "https://hub.example"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

        assert started.returncode
        assert "HUB_SECRET_KEY" in started.stderr

    @pytest.mark.parametrize(
        ("name", "password"),
        [("admin", "Harbor12345"), ("admin", "admin"), ("admin", "password"), ("hub", "hub")],
    )
    def test_let_nobody_in(self, hub: Hub, name: str, password: str) -> None:
        answer = send(hub, "GET", "/token", headers=basic(name, password))

        assert answer.status_code == 401


class TestPickle:
    """CVE-2026-32590 of Quay and CVE-2021-23727 of Celery."""

    def test_is_nothing_that_a_worker_accepts(self) -> None:
        assert set(celery_app.conf.accept_content) == {"json"}
        assert celery_app.conf.task_serializer == "json"
        assert celery_app.conf.result_serializer == "json"

    def test_is_imported_nowhere(self) -> None:
        unsafe = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}
        for room in ROOMS:
            for file in (ROOT / room).rglob("*.py"):
                imported = {
                    name.partition(".")[0]
                    for node in ast.walk(ast.parse(file.read_bytes()))
                    for name in _imports(node)
                }
                assert not imported & unsafe, file


def _imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


class TestTheRestOfTheApi:
    def test_has_no_browsable_renderer(self, hub: Hub) -> None:
        """CVE-2020-25626 of Django REST framework."""
        for query in ("", "?format=api", "?format=html"):
            answer = send(hub, "GET", f"/api/v1/search{query}", headers={"Accept": "text/html"})

            assert "html" not in answer.headers["content-type"]

    def test_takes_no_field_that_is_not_for_the_caller(self, repo: Repo) -> None:
        """CVE-2019-16097 of Harbor: mass assignment."""
        path = f"/extensions/{repo.path}"
        before = repo.hub.api("GET", path, who="alice").json()

        for name in ("path", "namespace", "id", "pulls"):
            repo.hub.api("PATCH", path, who="alice", json={name: "planted"})

        assert repo.hub.api("GET", path, who="alice").json() == before
        assert repo.hub.api("GET", "/extensions/alice/planted", who="alice").status_code == 404

    @pytest.mark.parametrize("name", ["owner__password__startswith", "_connector", "x"])
    def test_filters_by_nothing_that_it_does_not_know(self, hub: Hub, name: str) -> None:
        """CVE-2025-64459, CVE-2025-57833 and CVE-2025-13372 of Django."""
        answer = send(hub, "GET", f"/api/v1/search?q=nothing-has-this-name&{name}=x")

        assert answer.status_code == 400
        assert name in answer.json()["detail"]


class TestSignIn:
    """CVE-2019-19025 and CVE-2024-22244 of Harbor, CVE-2018-14574 of Django."""

    @pytest.fixture
    def browser(self, hub: Hub) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=hub.origin, timeout=30, verify=NO_CERTIFICATES) as client:
            yield client

    def sign_in(self, browser: httpx.Client, **more: str) -> httpx.Response:
        return browser.post("/login", data={"login": "alice", "password": PASSWORD, **more})

    def is_signed_in(self, browser: httpx.Client) -> bool:
        return browser.get("/settings/tokens").status_code == 200

    def test_leads_to_no_other_site_and_is_not_undone_by_a_get(self, browser: httpx.Client) -> None:
        browser.get("/login")
        csrf = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        signed_in = self.sign_in(browser, next="//evil.example/", **csrf)
        again = browser.get("/login", params={"next": "https://evil.example/"})
        before = browser.cookies["sessionid"]

        browser.get("/logout")

        for answer in (signed_in, again):
            assert answer.status_code in {200, 302}
            assert "evil" not in answer.headers.get("location", "")
        assert self.is_signed_in(browser)
        assert browser.cookies["sessionid"] == before

    def test_needs_the_forms_own_token(self, browser: httpx.Client) -> None:
        browser.get("/login")

        answer = self.sign_in(browser)

        assert answer.status_code == 403
        assert not self.is_signed_in(browser)


@pytest.mark.parametrize(
    ("package", "least"),
    [("django", (5, 2, 19)), ("django-allauth", (65, 16, 1)), ("wasmtime", (48, 0, 0))],
)
def test_packages_are_as_new_as_the_fixes_that_matter(package: str, least: tuple[int, ...]) -> None:
    assert tuple(int(part) for part in version(package).split(".")[:3]) >= least
