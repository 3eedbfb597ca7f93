"""Full-text search: a disposable tantivy index that follows the database."""

from catalog.search.query import SearchRequest, SearchResult, search

__all__ = ["SearchRequest", "SearchResult", "search"]
