"""The search page: everything that was chosen is in the URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.models.extensions import CATEGORIES
from catalog.search import SearchRequest, SearchResult
from catalog.search import search as search_index
from catalog.search.schema import FACETS
from catalog.selectors.cards import cards_of
from wasmhub.proxywasm.origin import language_name

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.requests import HubRequest

PER_PAGE = 20
DEEPEST_PAGE = 500
SORTS = {"relevance": "Best match", "updated": "Recently updated", "new": "Newest"}
# The parameter in the URL of each facet, and what a page calls it.
PARAMETERS = {
    "language": ("lang", "Language"),
    "abi": ("abi", "ABI"),
    "license": ("license", "License"),
    "category": ("category", "Category"),
    "namespace": ("org", "Namespace"),
    "capability": ("can", "Capability"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The state of a search, which is its URL."""

    text: str
    facets: dict[str, frozenset[str]]
    sort: str
    page: int

    def url(self, **changes: object) -> str:
        """Return the URL of this search with something changed; a change starts at page 1."""
        state = {"text": self.text, "facets": self.facets, "sort": self.sort, "page": 1, **changes}
        pairs = [("q", state["text"])] if state["text"] else []
        facets = cast("dict[str, frozenset[str]]", state["facets"])
        pairs += [
            (PARAMETERS[facet][0], value)
            for facet in FACETS
            for value in sorted(facets.get(facet, ()))
        ]
        pairs += [("sort", state["sort"])] if state["sort"] != "relevance" else []
        pairs += [("page", state["page"])] if state["page"] != 1 else []
        return "/search" + (f"?{urlencode(pairs)}" if pairs else "")

    def toggled(self, facet: str, value: str) -> str:
        """Return the URL with a facet's value chosen, or no longer chosen."""
        values = self.facets.get(facet, frozenset()) ^ {value}
        return self.url(facets=self.facets | {facet: values})


@require_safe
def search(request: HubRequest) -> HttpResponse:
    """Find extensions; the answer has facets, and the URL is the state."""
    asked = _asked(request)
    found = search_index(
        actor=request.actor,
        request=SearchRequest(
            text=asked.text,
            facets=asked.facets,
            sort=asked.sort,
            offset=(asked.page - 1) * PER_PAGE,
            limit=PER_PAGE,
        ),
    )
    more = asked.page * PER_PAGE < found.count and asked.page < DEEPEST_PAGE
    page = {
        "results": cards_of(actor=request.actor, ids=found.ids),
        "count": found.count,
        "facets": _facets(asked, found),
        "chips": _chips(asked),
        "sorts": [
            {"label": label, "url": asked.url(sort=sort), "selected": asked.sort == sort}
            for sort, label in SORTS.items()
        ],
        "next_url": asked.url(page=asked.page + 1) if more else None,
        "previous_url": asked.url(page=asked.page - 1) if asked.page > 1 else None,
        "clear_url": asked.url(facets={}),
        "milliseconds": found.milliseconds,
    }
    template = "catalog/_results.html" if request.htmx else "catalog/search.html"
    response = render(request, template, {"query": asked.text, "page": page})
    response["Vary"] = "HX-Request, Cookie"
    return response


def _asked(request: HubRequest) -> Asked:
    parameters = request.GET
    number = parameters.get("page", "1")
    page = int(number) if number.isdecimal() and len(number) < 6 else 1  # noqa: PLR2004 - the number is explained here
    sort = parameters.get("sort", "relevance")
    return Asked(
        text=parameters.get("q", "").strip()[:500],
        facets={
            facet: frozenset(value[:100] for value in parameters.getlist(key)[:20] if value)
            for facet, (key, _) in PARAMETERS.items()
        },
        sort=sort if sort in SORTS else "relevance",
        page=max(1, min(page, DEEPEST_PAGE)),
    )


def _facets(asked: Asked, found: SearchResult) -> list[dict[str, object]]:
    return [
        {
            "key": PARAMETERS[facet][0],
            "label": PARAMETERS[facet][1],
            "values": [
                {
                    "value": value,
                    "label": _label(facet, value),
                    "count": count,
                    "selected": value in asked.facets.get(facet, ()),
                    "url": asked.toggled(facet, value),
                }
                for value, count in found.facets[facet]
            ],
        }
        for facet in FACETS
    ]


def _chips(asked: Asked) -> list[dict[str, str]]:
    return [
        {
            "label": f"{PARAMETERS[facet][1]}: {_label(facet, value)}",
            "remove_url": asked.toggled(facet, value),
        }
        for facet in FACETS
        for value in sorted(asked.facets.get(facet, ()))
    ]


def _label(facet: str, value: str) -> str:
    if facet == "category":
        return dict(CATEGORIES).get(value, value)
    if facet == "capability":
        return value.replace("-", " ")
    return language_name(value) if facet == "language" else value
