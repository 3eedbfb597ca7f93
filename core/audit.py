"""The audit log: one row per change of state, in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.models import AuditEvent

if TYPE_CHECKING:
    from core.actor import Actor

THE_HUB = "the hub"


def record(actor: Actor | None, action: str, target: str, **detail: object) -> None:
    """Write who did what to what; ``None`` is the hub itself. Never pass a secret as detail."""
    AuditEvent.objects.create(
        user_id=actor.user_id if actor else None,
        actor=(actor.name or "anonymous") if actor else THE_HUB,
        action=action,
        target=target,
        detail=detail,
    )
