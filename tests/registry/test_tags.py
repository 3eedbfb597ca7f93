"""The list of tags."""

from __future__ import annotations

import re

import httpx
import pytest

from catalog.models import Verdict
from tests.registry.driving import DATABASE, Client, code_of, image, judge, publish

pytestmark = DATABASE

TAGS = ["1.0.0", "1.1.0", "B", "a", "edge", "latest"]


@pytest.fixture
def tagged(registry: Client) -> Client:
    packed = image()
    for tag in reversed(TAGS):
        registry.push("acme/jwt", tag, packed)
    return registry


def tags(registry: Client, query: str = "", who: str | None = "alice") -> httpx.Response:
    return registry("GET", f"/v2/acme/jwt/tags/list{query}", who=who)


def test_is_complete_and_in_ascii_order(tagged: Client) -> None:
    answer = tags(tagged)

    assert answer.json() == {"name": "acme/jwt", "tags": TAGS}
    assert answer.headers["content-type"] == "application/json"
    assert "link" not in answer.headers


def test_comes_in_pages_that_links_lead_through(tagged: Client) -> None:
    seen = []
    query = "?n=4"
    while True:
        answer = tags(tagged, query)
        seen.append(answer.json()["tags"])
        if "link" not in answer.headers:
            break
        link = re.fullmatch(r'</v2/acme/jwt/tags/list(\?.+)>; rel="next"', answer.headers["link"])
        assert link is not None
        query = link[1]

    assert seen == [TAGS[:4], TAGS[4:]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?last=B", TAGS[3:]),
        ("?last=C", TAGS[3:]),
        ("?last=zz", []),
        ("?last=%00", TAGS),
        ("?n=0", []),
        ("?n=6", TAGS),
        ("?n=" + "9" * 5000, TAGS),
    ],
)
def test_begins_behind_last_and_has_no_more_than_n(
    tagged: Client, query: str, expected: list[str]
) -> None:
    answer = tags(tagged, query)

    assert answer.json()["tags"] == expected
    assert "link" not in answer.headers


@pytest.mark.parametrize("number", ["-1", "x", "", "1.5", "%D9%A1"])
def test_refuses_a_number_that_is_none(tagged: Client, number: str) -> None:
    answer = tags(tagged, f"?n={number}")

    assert answer.status_code == 400
    assert code_of(answer) == "UNSUPPORTED"


def test_shows_readers_only_what_they_can_pull(registry: Client) -> None:
    judge(registry.push("acme/jwt", "1.0.0"), Verdict.PASSED)
    registry.push("acme/jwt", "1.1.0")
    registry.push("acme/jwt", "edge")
    publish("acme/jwt")

    assert tags(registry, who=None).json()["tags"] == ["1.0.0"]
    assert tags(registry, who="bob").json()["tags"] == ["1.0.0", "1.1.0", "edge"]
