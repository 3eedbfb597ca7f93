"""Where a release loads: computed from its module's facts, and proven where an Envoy ran it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.models import Proof
from core.errors import NotFoundError
from wasmhub.proxywasm import Compatibility, compatibility_of

if TYPE_CHECKING:
    from catalog.models import Module, Release


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
