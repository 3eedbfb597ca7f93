"""Two releases of an extension beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from catalog.selectors.manifests import get_release
from core.errors import NotFoundError
from wasmhub.oci import Version
from wasmhub.proxywasm import CAPABILITIES
from wasmhub.proxywasm.comparing import Comparison, advice, compare

if TYPE_CHECKING:
    from catalog.models import Extension, Release
    from core.actor import Actor

BETWEEN = "..."


@dataclass(frozen=True, slots=True)
class Span:
    """From one release to another; ``changes`` is None until the hub has read both modules."""

    older: Release
    newer: Release
    changes: Comparison | None

    @property
    def gained(self) -> list[dict[str, str]]:
        return _named(self.changes.capabilities.gained if self.changes else ())

    @property
    def advice(self) -> str:
        return advice(self.older.version)

    @property
    def lost(self) -> list[dict[str, str]]:
        return _named(self.changes.capabilities.lost if self.changes else ())


def get_span(*, actor: Actor, extension: Extension, text: str) -> Span:
    """
    Compare two releases that are named as ``1.0.0...1.1.0``.

    :raises NotFoundError: these are no two versions, or the actor may not see one of them
    """
    first, between, second = text.partition(BETWEEN)
    if not between:
        raise NotFoundError(f"Name two versions with {BETWEEN} between them.")
    older = get_release(actor=actor, extension=extension, version=first)
    newer = get_release(actor=actor, extension=extension, version=second)
    before, after = _facts(older), _facts(newer)
    return Span(older, newer, compare(before, after) if before and after else None)


def span_url(extension: Extension, older: str, newer: str) -> str:
    """Return the path of the page that compares two versions."""
    text = f"{older}{BETWEEN}{newer}"
    return reverse("catalog:compare", args=[extension.namespace.name, extension.name, text])


def predecessor(releases: list[Release], release: Release) -> Release | None:
    """Return the highest version below this one that has a module and was not yanked."""
    version = Version.parse(release.version)
    for each in releases:
        before = Version.parse(each.version) < version
        if before and not each.yanked and each.manifest is not None and each.manifest.module:
            return each
    return None


def capabilities_gained(*, older: Release, newer: Release) -> list[dict[str, str]]:
    """Return what the newer release can do and the older one could not, from their summaries."""
    before, after = (
        each.manifest.module.summary.get("capabilities")
        if each.manifest and each.manifest.module
        else None
        for each in (older, newer)
    )
    if before is None or after is None:  # read by rules that did not note it
        return []
    return _named(tuple(name for name in after if name not in before))


def _facts(release: Release) -> dict[str, Any]:
    manifest = release.manifest
    return manifest.facts if manifest is not None else {}


def _named(names: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"name": name, "sentence": CAPABILITIES.get(name, "")} for name in names]
