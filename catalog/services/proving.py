"""What real proxies said comes down to the catalog here."""

from __future__ import annotations

import logging

from catalog.models import Module, Proof
from wasmhub.proxywasm import compatibility_of

logger = logging.getLogger(__name__)


def record_proof(*, sha256: str, version: str, loads: bool | None, log: str) -> None:
    """
    Write what one release of Envoy did with a module, and tell the operator when it is a surprise.

    ``loads`` is None when the run was cut short: that says nothing of the module.
    """
    disputed = loads is not None and _contradicts(sha256, version, loads=loads, log=log)
    Proof.objects.update_or_create(
        sha256=sha256,
        version=version,
        defaults={"loads": loads, "log": log, "disputed": disputed},
    )
    if disputed:
        logger.warning("Disputed: Envoy %s and the table on module %s: %s", version, sha256, log)


def _contradicts(sha256: str, version: str, *, loads: bool, log: str) -> bool:
    """Test whether the computed verdict says otherwise."""
    module = Module.objects.filter(sha256=sha256).order_by("-rule_set").first()
    if module is None:
        return False
    proof = {"version": version, "loads": loads, "log": log}
    return any(each.disputed for each in compatibility_of(module.facts, [proof]))
