"""
Who writes at the same time: namespaces and extensions are held in that order, then all else.

On PostgreSQL these are row locks until the transaction ends. On SQLite a transaction has the one
write lock since it began, so there only the fresh reading counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import Namespace
from catalog.models import Extension, Manifest
from core.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet


def hold_names(namespaces: Collection[str]) -> dict[str, Namespace]:
    """
    Keep others from giving and taking names in the namespaces until the transaction ends.

    :raises NotFoundError: nobody has one of them
    """
    rows = Namespace.objects.select_for_update(no_key=True).filter(name__in=namespaces)
    held = {row.name: row for row in rows.order_by("pk")}
    if len(held) < len(set(namespaces)):
        raise NotFoundError("Nobody here has this name.")
    return held


def hold(extension_id: int, *, to_delete: bool = False) -> Extension:
    """
    Keep others from changing what the extension holds until the transaction ends.

    Returns the extension as it is now: it may have got another name or visibility since it was
    read, so ask the policy after this. Held ``to_delete``, it gets no blobs, uploads or pulls
    meanwhile either.

    :raises NotFoundError: it was deleted
    """
    # No join: PostgreSQL would drop the row of an extension that just got another namespace.
    rows = Extension.objects.select_for_update(no_key=not to_delete)
    row = rows.filter(pk=extension_id).first()
    if row is None:
        raise NotFoundError("The extension was deleted a moment ago.")
    if to_delete:
        hold_manifests(Manifest.objects.filter(extension=row))
    return row


def hold_manifests(manifests: QuerySet[Manifest]) -> list[int]:
    """Hold these manifests, always in the same order, and return their keys."""
    rows = manifests.select_for_update()
    return list(rows.order_by("pk").values_list("pk", flat=True))
