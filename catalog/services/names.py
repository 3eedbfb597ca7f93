"""Which names are free: an old name stays with its extension, a retired one with its namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.models import Alias, Extension
from catalog.services.rules import check_room
from core.errors import NameTakenError, NotAllowedError
from core.policy import Permission, allows

if TYPE_CHECKING:
    from accounts.models import Namespace
    from core.actor import Actor


def take_name(
    *, actor: Actor, namespace: Namespace, name: str, extension: Extension | None = None
) -> None:
    """
    Check that a name is free for a new extension, or for this one; hold the names meanwhile.

    One's own old name is free, and so is one that was retired, for an owner: both are no alias
    any more then.

    :raises NameTakenError: an extension has the name, or had it before
    :raises NotAllowedError: the name is retired, and the actor is no owner
    :raises QuotaExceededError: the namespace has as many extensions as its rules let it
    """
    path = f"{namespace.name}/{name}"
    if Extension.objects.filter(namespace=namespace, name=name).exists():
        raise NameTakenError(f"There is a {path} already. Choose another name.", name=name)
    alias = Alias.objects.filter(namespace=namespace.name, name=name).first()
    if alias is not None:
        mine = extension is not None and alias.extension_id == extension.pk
        if not mine and alias.extension_id is not None:
            raise NameTakenError(
                f"{path} is the old name of another extension, and still leads there. Choose "
                "another name.",
                name=name,
            )
        if not mine and not allows(actor, Permission.EXTENSION_MANAGE, namespace=namespace.name):
            raise NotAllowedError(
                f"An extension of the name {path} was deleted. Only an owner of {namespace.name} "
                "can use the name again.",
                name=name,
            )
        alias.delete()
    if extension is None or extension.namespace_id != namespace.pk:
        check_room(namespace)


def leave_name(extension: Extension) -> None:
    """Keep the extension's present name for it, as it gets another one."""
    Alias.objects.create(
        namespace=extension.namespace.name, name=extension.name, extension=extension
    )


def retire_name(extension: Extension) -> None:
    """Keep the name of an extension that is being deleted from strangers."""
    Alias.objects.create(namespace=extension.namespace.name, name=extension.name)
