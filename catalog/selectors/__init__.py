"""What pages, the API and other rooms read from the catalog."""

from catalog.selectors.extensions import (
    get_extension,
    newest_release,
    releases_of,
)
from catalog.selectors.manifests import (
    findings_of,
    get_release,
    may_publish,
    module_readable,
    resolve_manifest,
    tag_names,
)

__all__ = [
    "findings_of",
    "get_extension",
    "get_release",
    "may_publish",
    "module_readable",
    "newest_release",
    "releases_of",
    "resolve_manifest",
    "tag_names",
]
