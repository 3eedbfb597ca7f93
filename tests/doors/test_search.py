"""Search through the API and the page, on both set-ups."""

from __future__ import annotations

import pytest

from tests import filters
from tests.live import Hub, unique


@pytest.fixture(scope="module")
def limiter(hub: Hub) -> str:
    """Return the path of a public extension with a telling name and description."""
    path = f"alice/{unique('quota-limiter')}"
    hub.upload(
        path,
        "1.0.0",
        filters.hello(),
        visibility="public",
        description="Throttles impatient callers of an authentication service.",
    )
    hub.wait_for_verdict(path, "1.0.0")
    hub.api("PATCH", f"/extensions/{path}", who="alice", json={"category": "rate-limit"})
    hub.wait_until_found("throttles category:rate-limit", path)
    return path


@pytest.mark.parametrize(
    "query",
    [
        "quota-limiter",
        "limit",
        "uota",
        "throttle",
        "throtles",
        "autentication",
        "IMPATIENT callers",
        "caller throttling",
        "org:alice throttles",
    ],
)
def test_a_word_a_part_or_a_typo_finds_it(hub: Hub, limiter: str, query: str) -> None:
    answer = hub.api("GET", "/search", params={"q": query}).json()

    assert limiter in [each["path"] for each in answer["results"]]


@pytest.mark.parametrize("query", ["zebra", "throttles zebra", "org:bob throttles"])
def test_other_words_do_not(hub: Hub, limiter: str, query: str) -> None:
    answer = hub.api("GET", "/search", params={"q": query}).json()

    assert limiter not in [each["path"] for each in answer["results"]]


def test_a_name_ranks_above_a_mention(hub: Hub, limiter: str) -> None:
    mention = f"alice/{unique('other')}"
    hub.upload(mention, "1.0.0", filters.hello(), visibility="public", description="Not a limiter.")
    hub.wait_for_verdict(mention, "1.0.0")
    hub.wait_until_found("limiter", mention)

    found = hub.api("GET", "/search", params={"q": "limiter"}).json()["results"]

    order = [each["path"] for each in found]
    assert order.index(limiter) < order.index(mention)


def test_facets_count_and_filter(hub: Hub, limiter: str) -> None:
    everything = hub.api("GET", "/search", params={"q": "throttles"}).json()
    filtered = hub.api(
        "GET", "/search", params={"q": "throttles", "category": "rate-limit", "abi": "0.2.1"}
    ).json()
    other = hub.api("GET", "/search", params={"q": "throttles", "category": "auth"}).json()

    assert everything["facets"]["category"]["rate-limit"] >= 1
    assert everything["facets"]["namespace"]["alice"] >= 1
    assert limiter in [each["path"] for each in filtered["results"]]
    assert limiter not in [each["path"] for each in other["results"]]


@pytest.mark.parametrize("asked", [{"can": "local-response"}, {"q": "can:local-response"}])
def test_what_a_module_can_do_is_a_filter(hub: Hub, asked: dict[str, str]) -> None:
    answering, silent = f"alice/{unique('answers')}", f"alice/{unique('silent')}"
    for path, module in (
        (answering, filters.example("acme/deny-paths", "1.0.0")),
        (silent, filters.hello()),
    ):
        hub.upload(path, "1.0.0", module, visibility="public")
        hub.wait_for_verdict(path, "1.0.0")
        hub.wait_until_found(path.partition("/")[2], path)

    with hub.client() as client:
        page = client.get("/search", params=asked)
    found = hub.api("GET", "/search", params=asked).json()

    paths = [each["path"] for each in found["results"]]
    assert answering in paths
    assert silent not in paths
    assert found["facets"]["capability"]["local-response"] >= 1
    assert answering in page.text
    assert silent not in page.text


@pytest.mark.parametrize(
    "query",
    [
        "x" * 10_000,
        "word " * 2_000,
        'a AND ("b" OR -c) +d:e [f TO g] \\ / ^2 ~3 *',
        '"""',
        "lang:",
        "'; DROP TABLE catalog_extension; --",
        "\u202e\U0001f600 漢字",
        "%00%ff",
    ],
)
def test_any_text_is_a_query(hub: Hub, query: str) -> None:
    with hub.client() as client:
        page = client.get("/search", params={"q": query})
        answer = client.get("/api/v1/search", params={"q": query})

    assert page.status_code == 200
    assert answer.status_code == 200


@pytest.mark.parametrize("cursor", ["-1", "x", "9" * 30])
def test_a_cursor_that_the_hub_never_gave_is_refused(hub: Hub, cursor: str) -> None:
    assert hub.api("GET", "/search", params={"cursor": cursor}).status_code == 400


def test_a_hidden_extension_leaves_the_index(hub: Hub) -> None:
    path = f"alice/{unique('vanishing')}"
    hub.upload(path, "1.0.0", filters.hello(), visibility="public")
    hub.wait_for_verdict(path, "1.0.0")
    hub.wait_until_found(path.partition("/")[2], path)

    hub.api("PATCH", f"/extensions/{path}", who="alice", json={"visibility": "private"})

    found = hub.api("GET", "/search", params={"q": path}).json()["results"]
    assert path not in [each["path"] for each in found]
