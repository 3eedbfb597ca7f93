"""Where a release loads: computed from its module's facts, and proven where an Envoy ran it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.models import Manifest, Proof
from core.errors import NotFoundError
from wasmhub.proxywasm import Compatibility, compatibility_of

if TYPE_CHECKING:
    from catalog.models import Module, Release


IMAGES_ASKED, ROOT_IDS_MAX = 100, 3


def module_read(release: Release) -> Module:
    """
    Return the module of a release.

    :raises NotFoundError: no worker has read it yet
    """
    if release.manifest is None or release.manifest.module is None:
        raise NotFoundError("No worker has read this release's module yet.")
    return release.manifest.module


def facts_of(release: Release) -> dict[str, Any]:
    """
    Return the facts of a release's module, with what the image says of it.

    :raises NotFoundError: no worker has read it yet
    """
    module_read(release)
    return release.manifest.facts if release.manifest is not None else {}


def root_ids_of(sha256: str) -> list[str]:
    """Return the first few root ids that images declare for these bytes, the oldest image first."""
    rows = Manifest.objects.filter(module__sha256=sha256).order_by("pk").only("packaging")
    ids = dict.fromkeys(row.root_ids[0] for row in rows[:IMAGES_ASKED])
    return list(ids)[:ROOT_IDS_MAX] or [""]


def compatibility_of_module(module: Module) -> tuple[Compatibility, ...]:
    """Return the verdict of each release of each proxy, newest first."""
    proofs = [
        {"version": each.version, "loads": each.loads, "log": each.log}
        for each in Proof.objects.filter(sha256=module.sha256, loads__isnull=False)
    ]
    return compatibility_of(module.facts, proofs)
