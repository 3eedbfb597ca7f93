"""What pages, the API and other rooms read from the catalog."""

from catalog.selectors.conversions import converted, pinned_image, proxy_image
from catalog.selectors.extensions import (
    find_extension,
    get_extension,
    newest_release,
    releases_of,
    where,
)
from catalog.selectors.manifests import (
    carrier_of,
    findings_of,
    get_release,
    may_publish,
    readers_get,
    referrers,
    resolve_manifest,
    tag_names,
)
from catalog.selectors.rules import get_rules

__all__ = [
    "carrier_of",
    "converted",
    "find_extension",
    "findings_of",
    "get_extension",
    "get_release",
    "get_rules",
    "may_publish",
    "newest_release",
    "pinned_image",
    "proxy_image",
    "readers_get",
    "referrers",
    "releases_of",
    "resolve_manifest",
    "tag_names",
    "where",
]
