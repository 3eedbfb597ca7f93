"""The site's staff: what only they see, and that nobody else does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.live import PASSWORD, Hub, unique

PROOFS = "/admin/catalog/proof/"
SHA256 = "ab" * 32
SHOWN = SHA256[:12]


@contextmanager
def signed_in(hub: Hub, name: str) -> Iterator[httpx.Client]:
    """Give a browser of somebody who signed in with the password."""
    with httpx.Client(base_url=hub.origin, follow_redirects=True, timeout=30) as browser:
        yield _let_in(browser, hub, name)


def _let_in(browser: httpx.Client, hub: Hub, name: str) -> httpx.Client:
    form = browser.get("/login").text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert token is not None
    answer = browser.post(
        "/login",
        data={"login": name, "password": PASSWORD, "csrfmiddlewaretoken": token[1]},
        headers={"Referer": f"{hub.origin}/login"},
    )
    assert answer.status_code == 200, answer.text
    return browser


@pytest.fixture(scope="module")
def staff(hub: Hub) -> Iterator[httpx.Client]:
    """Write a disputed proof and one that is not, and sign in somebody of the staff."""
    name = unique("staff")
    person = ("create_user", name, "--email", f"{name}@example.org", "--password", PASSWORD)
    hub.manage(*person, "--staff")
    for version, disputed in (("1.40.0", True), ("1.39.3", False)):
        row = f"sha256={SHA256!r}, version={version!r}, loads=True, disputed={disputed}"
        script = f"from catalog.models import Proof; Proof.objects.create({row})"
        hub.manage("shell", "--no-imports", "-c", script)
    with signed_in(hub, name) as browser:
        yield browser


def test_finds_the_modules_that_an_envoy_disputes(staff: httpx.Client) -> None:
    listed = staff.get(PROOFS, params={"disputed__exact": "1"})

    assert listed.status_code == 200
    assert SHOWN in listed.text
    rows = listed.text.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "1.40.0" in rows
    assert "1.39.3" not in rows


def test_sees_nothing_that_has_a_page_of_its_own(staff: httpx.Client) -> None:
    offered = set(re.findall(r'href="(/admin/\w+/\w+/)"', staff.get("/admin/").text))

    assert offered == {PROOFS}


def test_does_not_write_what_an_envoy_said(staff: httpx.Client) -> None:
    assert staff.get(f"{PROOFS}add/").status_code == 403


def test_has_every_file_of_its_pages(staff: httpx.Client) -> None:
    page = staff.get(PROOFS).text

    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        assert staff.get(address).status_code == 200, address


def test_who_is_not_signed_in_is_sent_to_the_door_for_everybody(hub: Hub) -> None:
    answer = httpx.get(f"{hub.origin}{PROOFS}", follow_redirects=True)

    assert answer.url.path == "/login"
    assert SHOWN not in answer.text


def test_others_get_in_by_no_door(hub: Hub) -> None:
    with signed_in(hub, "alice") as browser:
        answer = browser.get(PROOFS)

    assert answer.status_code == 403
    assert SHOWN not in answer.text
