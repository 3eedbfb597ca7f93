"""Where a release loads: computed from its module's facts, and proven where an Envoy ran it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from catalog.models import Proof
from core.errors import NotFoundError
from wasmhub.proxywasm import Compatibility, compatibility_of

if TYPE_CHECKING:
    from typing import Any

    from catalog.models import Module, Release

PROXIES = {
    "envoy": "Envoy",
    "istio": "Istio",
    "envoy-gateway": "Envoy Gateway",
    "gloo": "Gloo Gateway",
}
STATES = {True: "loads", False: "fails", None: "assumed"}


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


def module_read(release: Release) -> Module:
    """
    Return the module of a release.

    :raises NotFoundError: no worker has read it yet
    """
    if release.manifest is None or release.manifest.module is None:
        raise NotFoundError("No worker has read this release's module yet.")
    return release.manifest.module


def compatibility_of_module(module: Module) -> tuple[Compatibility, ...]:
    """Return the verdict of each release of each proxy, newest first."""
    proofs = [
        {"version": each.version, "loads": each.loads, "log": each.log}
        for each in Proof.objects.filter(sha256=module.sha256, loads__isnull=False)
    ]
    return compatibility_of(module.facts, proofs)


def by_proxy(rows: tuple[Compatibility, ...]) -> list[ProxyView]:
    """Group the verdicts as the page shows them."""
    return [
        _view(label, [each for each in rows if each.proxy == proxy])
        for proxy, label in PROXIES.items()
    ]


def _view(label: str, rows: list[Compatibility]) -> ProxyView:
    releases = [
        {
            "version": each.version,
            "state": "disputed" if each.disputed else STATES[each.loads],
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
