"""Rename and transfer: an extension gets another name and keeps the one it had as an alias."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from catalog.selectors import where
from catalog.services.following import note_change
from catalog.services.holding import hold, hold_names
from catalog.services.names import leave_name, take_name
from core import audit
from core.errors import ConflictError, NameInvalidError
from core.policy import Permission, require
from wasmhub.oci import InvalidNameError, Repository

if TYPE_CHECKING:
    from catalog.models import Extension
    from core.actor import Actor


def rename_extension(*, actor: Actor, extension: Extension, name: str) -> Extension:
    """
    Give the extension another name in its namespace; the old one keeps leading to it.

    :raises NameInvalidError: the name is outside the grammar
    :raises NameTakenError: another extension has the name, or had it before
    :raises ConflictError: somebody else moved the extension at the same moment
    :raises NotAllowedError: the actor is no owner
    """
    require(actor, Permission.EXTENSION_MANAGE, **where(extension))
    return _move(actor, extension, extension.namespace.name, name)


def transfer_extension(*, actor: Actor, extension: Extension, namespace: str) -> Extension:
    """
    Give the extension to another namespace of the actor's; the old name keeps leading to it.

    :raises NotFoundError: the actor is nobody in that namespace
    :raises NotAllowedError: the actor does not own both namespaces
    :raises NameTakenError: the name is taken there
    :raises QuotaExceededError: the namespace has as many extensions as its rules let it
    :raises ConflictError: somebody else moved the extension at the same moment
    """
    require(actor, Permission.EXTENSION_MANAGE, **where(extension))
    require(actor, Permission.EXTENSION_MANAGE, namespace=namespace)
    return _move(actor, extension, namespace, extension.name)


@transaction.atomic
def _move(actor: Actor, extension: Extension, namespace: str, name: str) -> Extension:
    try:
        wanted = Repository(namespace, name)
    except InvalidNameError as error:
        raise NameInvalidError(str(error)) from error
    names = hold_names({extension.namespace.name, namespace})
    held = hold(extension.pk)
    if str(held) != str(extension):
        raise ConflictError(f"{extension} became {held} a moment ago. Look again.")
    if str(held) == str(wanted):
        return held
    take_name(actor=actor, namespace=names[namespace], name=name, extension=held)
    if held.pushed is not None:
        leave_name(held)
    held.namespace, held.name = names[namespace], name
    held.save(update_fields=["namespace", "name", "updated"])
    action = "renamed" if names[namespace].name == extension.namespace.name else "transferred"
    # Both names can be found in the log.
    audit.record(actor, f"extension.{action}", str(extension), to=str(held))
    audit.record(actor, f"extension.{action}-here", str(held), before=str(extension))
    note_change(held.pk)
    return held
