"""Nobody may take a name that the site needs for itself."""

from __future__ import annotations

import re

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.names import RESERVED

pytestmark = pytest.mark.single_setup

# DESIGN: the registry's routes, and the first segments of planned pages.
REGISTRY = {"v2", "token", "download"}
PLANNED = set(
    """
    badge feed api categories tags publishers stats dashboard invite confirm device notifications
    about terms privacy security status policies camo metrics auth settings orgs docs search new
    login signup logout admin root www support wasmhub official static
    """.split()
)


def first_segments(patterns: list[URLPattern | URLResolver], prefix: str = "") -> set[str]:
    found = set()
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        segment = route.split("/")[0]
        if segment and "<" not in segment:
            found.add(re.sub(r"[.]", "-", segment))
        elif not segment and isinstance(pattern, URLResolver):
            found |= first_segments(pattern.url_patterns, route)
    return found


def test_every_first_segment_of_a_route_is_reserved() -> None:
    segments = first_segments(get_resolver().url_patterns)

    assert segments
    assert segments - RESERVED == set()


def test_the_registry_and_planned_pages_are_reserved() -> None:
    assert set() == (REGISTRY | PLANNED) - RESERVED
