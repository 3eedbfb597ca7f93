"""Ask for a validation, inside the transaction that accepts the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.models import Verdict
from core import jobs

if TYPE_CHECKING:
    from catalog.models import Manifest


def request_validation(*, manifest: Manifest) -> None:
    """Have a worker judge the manifest unless it is judged already."""
    if manifest.verdict == Verdict.PENDING:
        jobs.enqueue("validate-manifest", key=str(manifest.pk), manifest_id=manifest.pk)
