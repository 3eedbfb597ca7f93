"""The catalog's pages."""

from catalog.views.comparing import compare, compare_chosen
from catalog.views.extensions import abi, extension, namespace, settings, status, version, versions
from catalog.views.publishing import new
from catalog.views.searching import search

__all__ = [
    "abi",
    "compare",
    "compare_chosen",
    "extension",
    "namespace",
    "new",
    "search",
    "settings",
    "status",
    "version",
    "versions",
]
