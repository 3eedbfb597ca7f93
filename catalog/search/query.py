"""From what somebody typed to a ranked list with facets."""

from __future__ import annotations

import re
import threading
import time
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import tantivy
from tantivy import Occur, Query

from catalog.search import folder
from catalog.search.schema import FACETS, LONGEST_PIECE, SHORTEST_PIECE
from core.policy import Permission, Visibility, allows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from core.actor import Actor

WORDS = 16
WORD_LENGTH = 64
TYPED_LENGTH = 500
FACET_VALUES = 100
DEEPEST = 10_000

# What may stand before a colon in the query, and the facet it filters.
OPERATORS = {
    "lang": "language",
    "language": "language",
    "abi": "abi",
    "license": "license",
    "category": "category",
    "org": "namespace",
    "namespace": "namespace",
    "can": "capability",
}
_OPERATOR = re.compile(r"(?<!\S)(\w{1,12}):([\w.+-]{1,100})")
_WORD = re.compile(r"\w+")
SORTS = {"updated": "updated", "new": "created"}


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What is asked: the typed text, the chosen facet values, the order, the page."""

    text: str = ""
    facets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sort: str = "relevance"
    offset: int = 0
    limit: int = 20


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Ids of extensions in order, how many match in all, and counts for each facet's values."""

    ids: list[int]
    count: int
    facets: dict[str, list[tuple[str, int]]]
    chosen: dict[str, frozenset[str]]
    milliseconds: float


_lock = threading.Lock()
_opened: tuple[Path, tantivy.Index] | None = None


def search(*, actor: Actor, request: SearchRequest) -> SearchResult:
    """Search what the actor may see; any text is a valid query."""
    started = time.perf_counter()
    index = _index()
    text, typed = _operators(request.text[:TYPED_LENGTH])
    chosen = {
        facet: frozenset(request.facets.get(facet, ())) | typed.get(facet, frozenset())
        for facet in FACETS
    }
    if index is None:
        return SearchResult([], 0, {facet: [] for facet in FACETS}, chosen, 0.0)
    schema, searcher = index.schema, index.searcher()
    asked = [_visible(schema, actor), *_matching(schema, text)]
    everything = asked + [_one_of(schema, facet, values) for facet, values in chosen.items()]
    order = SORTS.get(request.sort)
    if order is None and not text:
        order = "updated"
    found = searcher.search(
        _all_of(everything),
        limit=request.limit,
        offset=min(request.offset, DEEPEST),
        order_by_field=order,
    )
    ids = [int(searcher.doc(address)["key"][0]) for _, address in found.hits]
    counts = {
        facet: _count(
            searcher,
            _all_of(asked + [_one_of(schema, f, v) for f, v in chosen.items() if f != facet]),
            facet,
        )
        for facet in FACETS
    }
    milliseconds = (time.perf_counter() - started) * 1000
    return SearchResult(ids, int(getattr(found, "count", 0) or 0), counts, chosen, milliseconds)


def _index() -> tantivy.Index | None:
    """Return the index in use, with all that was committed to it."""
    global _opened  # noqa: PLW0603 - one open index per process, reopened when it was swapped
    place = folder.current()
    if place is None:
        return None
    with _lock:
        if _opened is None or _opened[0] != place:
            _opened = (place, folder.open_index(place))
        _opened[1].reload()
        return _opened[1]


def _operators(text: str) -> tuple[str, dict[str, frozenset[str]]]:
    """Part ``lang:rust`` and its like from the words."""
    chosen: dict[str, frozenset[str]] = {}

    def take(match: re.Match[str]) -> str:
        facet = OPERATORS.get(match[1].lower())
        if facet is None:
            return match[0]
        chosen[facet] = chosen.get(facet, frozenset()) | {match[2]}
        return " "

    return _OPERATOR.sub(take, text).strip(), chosen


def _all_of(queries: list[Query]) -> Query:
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def _one_of(schema: tantivy.Schema, facet: str, values: frozenset[str]) -> Query:
    if not values:
        return Query.all_query()
    return Query.const_score_query(Query.term_set_query(schema, facet, sorted(values)), 0.0)


def _visible(schema: tantivy.Schema, actor: Actor) -> Query:
    """Say the policy's rule for reading as a query, so that counts tell nothing either."""
    open_to = [Visibility.PUBLIC.value]
    if actor.is_signed_in:
        open_to.append(Visibility.INTERNAL.value)
    mine = [
        name
        for name in actor.namespaces
        if allows(actor, Permission.EXTENSION_READ, namespace=name)
    ]
    either = [(Occur.Should, Query.term_set_query(schema, "visibility", open_to))]
    if mine:
        either.append((Occur.Should, Query.term_set_query(schema, "namespace", mine)))
    return Query.const_score_query(Query.boolean_query(either), 0.0)


def _matching(schema: tantivy.Schema, text: str) -> list[Query]:
    """Ask for every word, each in any field, spelt right or nearly so."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    folded = "".join(each for each in decomposed if not unicodedata.combining(each))
    words = [word[:WORD_LENGTH] for word in _WORD.findall(folded.replace("_", " "))][:WORDS]
    return [_word(schema, word) for word in words]


def _word(schema: tantivy.Schema, word: str) -> Query:
    stem = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw())
    stemmed = stem.filter(tantivy.Filter.stemmer("english")).build().analyze(word)
    root = stemmed[0] if stemmed else word
    ways: list[tuple[Query, float]] = [
        (Query.term_query(schema, "name", word), 8.0),
        (Query.term_query(schema, "title", root), 4.0),
        (Query.term_query(schema, "description", root), 2.0),
        (Query.term_query(schema, "readme", root), 0.5),
        (Query.term_query(schema, "namespace", word), 3.0),
        (Query.fuzzy_term_query(schema, "text", word, distance=0, prefix=True), 1.0),
    ]
    if len(word) >= SHORTEST_PIECE:
        ways.append((_piece(schema, word), 2.0))
    # One slip in a short word, two in a long one; in the shortest a slip makes another word.
    slips = 0 if len(word) < 4 else 1 if len(word) < 8 else 2  # noqa: PLR2004 - the number is explained here
    if slips:
        ways.append((Query.fuzzy_term_query(schema, "text", word, distance=slips), 0.4))
    return Query.disjunction_max_query(
        [Query.boost_query(query, boost) for query, boost in ways], 0.1
    )


def _piece(schema: tantivy.Schema, word: str) -> Query:
    """Match a part of the name; of a long part, its beginning and its end."""
    if len(word) <= LONGEST_PIECE:
        return Query.term_query(schema, "pieces", word)
    ends = (word[:LONGEST_PIECE], word[-LONGEST_PIECE:])
    return _all_of([Query.term_query(schema, "pieces", end) for end in ends])


def _count(searcher: tantivy.Searcher, query: Query, facet: str) -> list[tuple[str, int]]:
    terms = {"values": {"terms": {"field": facet, "size": FACET_VALUES}}}
    buckets = searcher.aggregate(query, terms)["values"]["buckets"]
    return [(str(bucket["key"]), int(bucket["doc_count"])) for bucket in buckets]
