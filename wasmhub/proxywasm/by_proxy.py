"""Where a module loads, as pages and terminals show it: a line of releases for each proxy."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wasmhub.proxywasm.compatibility import Compatibility

PROXIES: Final = {
    "envoy": "Envoy",
    "istio": "Istio",
    "envoy-gateway": "Envoy Gateway",
    "gloo": "Gloo Gateway",
}
STATES: Final[Mapping[bool | None, str]] = {True: "loads", False: "fails", None: "assumed"}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a run of releases does not load the module, or would not as far as is assumed."""

    versions: str
    reason: str
    state: str


@dataclass(frozen=True, slots=True)
class ProxyView:
    """One proxy with its releases, newest first."""

    label: str
    releases: list[dict[str, Any]] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)


def by_proxy(rows: Iterable[Compatibility]) -> list[ProxyView]:
    """Group the verdicts by proxy, each with why some of its releases do not load it."""
    known = list(rows)
    return [
        _view(label, [each for each in known if each.proxy == proxy])
        for proxy, label in PROXIES.items()
    ]


def state_of(row: Compatibility) -> str:
    """Return the one word for a verdict: loads, fails, assumed or disputed."""
    return "disputed" if row.disputed else STATES[row.loads]


def _view(label: str, rows: list[Compatibility]) -> ProxyView:
    releases = [
        {
            "version": each.version,
            "state": state_of(each),
            "proven": each.proven,
        }
        for each in rows
    ]
    found = []
    for (reason, loads), group in groupby(rows, key=lambda each: (each.reason, each.loads)):
        alike = list(group)
        if loads is False or alike[0].missing:
            found.append(Obstacle(_span(alike), reason, STATES[loads]))
    return ProxyView(label, releases, found)


def _span(rows: list[Compatibility]) -> str:
    newest, oldest = rows[0].version, rows[-1].version
    return newest if newest == oldest else f"{oldest} to {newest}"
