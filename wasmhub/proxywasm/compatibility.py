"""The verdict for each release of each proxy: computed, never declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from wasmhub.proxywasm.facts import Facts
from wasmhub.proxywasm.loading import obstacles
from wasmhub.proxywasm.proxies import hosts, releases

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wasmhub.proxywasm.loading import Obstacles
    from wasmhub.proxywasm.proxies import Release

_ASSUMED: Final = "Assumed to load."


@dataclass(frozen=True, slots=True)
class Compatibility:
    """
    What one release of a proxy does with a module.

    ``loads`` is None when nothing proves what the release offers: then it is assumed. ``proven``
    is what a real run said, ``{"version", "loads", "log"}``; ``disputed`` that it said otherwise.
    """

    proxy: str
    version: str
    loads: bool | None
    missing: tuple[str, ...] = ()
    reason: str = ""
    proven: Mapping[str, Any] | None = None

    @property
    def disputed(self) -> bool:
        """Tell whether the real proxy contradicts what was computed."""
        if self.proven is None or self.loads is None:
            return False
        return bool(self.proven["loads"]) != self.loads

    @property
    def best_known(self) -> bool:
        """Tell whether it loads: as a real proxy said, or as was computed, or as is assumed."""
        if self.proven is not None:
            return bool(self.proven["loads"])
        return self.reason == _ASSUMED if self.loads is None else self.loads

    def as_json(self) -> dict[str, Any]:
        """Return the fixed shape."""
        return {
            "proxy": self.proxy,
            "version": self.version,
            "loads": self.loads,
            "missing": list(self.missing),
            "reason": self.reason,
            "disputed": self.disputed,
            "proven": None if self.proven is None else dict(self.proven),
        }


def compatibility_of(
    facts: Facts | Mapping[str, Any], proofs: Iterable[Mapping[str, Any]] = ()
) -> tuple[Compatibility, ...]:
    """
    Return the verdict of every release in the table, newest first, Envoy before what carries it.

    ``facts`` may be their stored fixed shape. ``proofs`` are runs of real Envoys in the fixed shape
    of ``proven``; each belongs to the row of its minor release.
    """
    document = facts.as_json() if isinstance(facts, Facts) else facts
    found = {commit: obstacles(document, host) for commit, host in hosts().items()}
    proven = {_minor(each["version"]): each for each in proofs}
    return tuple(_judged(each, found[each.host.commit], proven) for each in releases())


def _judged(
    release: Release, found: Obstacles, proven: Mapping[str, Mapping[str, Any]]
) -> Compatibility:
    loads: bool | None = not found.reason
    reason = found.reason
    if not release.source:
        loads = None
        reason = f"Assumed: {reason[0].lower()}{reason[1:]}" if reason else _ASSUMED
    proof = proven.get(release.version) if release.proxy == "envoy" else None
    return Compatibility(release.proxy, release.version, loads, found.missing, reason, proof)


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
