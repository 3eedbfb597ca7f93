"""Every role and permission, in one table."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from core.errors import NotAllowedError, NotFoundError, NotSignedInError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.actor import Actor


class Permission(StrEnum):
    """What can be done, named ``<resource>:<action>`` as in the docs."""

    EXTENSION_READ = "extension:read"
    EXTENSION_PUBLISH = "extension:publish"
    EXTENSION_EDIT = "extension:edit"
    EXTENSION_SET_VISIBILITY = "extension:set-visibility"
    EXTENSION_YANK = "extension:yank"
    EXTENSION_DELETE = "extension:delete"
    EXTENSION_MANAGE = "extension:manage"
    NAMESPACE_EDIT_RULES = "namespace:edit-rules"
    ORGANIZATION_READ_MEMBERS = "organization:read-members"
    ORGANIZATION_MANAGE_MEMBERS = "organization:manage-members"
    ACCOUNT_MANAGE = "account:manage"


class Role(StrEnum):
    """What somebody is in a namespace; a person owns the namespace of their own name."""

    STRANGER = "stranger"
    MEMBER = "member"
    OWNER = "owner"


class Visibility(StrEnum):
    """Who may read an extension: everybody, everybody signed in, or members only."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PRIVATE = "private"


class Scope(StrEnum):
    """What an access token may be used for, at most."""

    PULL = "pull"
    PUBLISH = "publish"


GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.STRANGER: frozenset(),
    Role.MEMBER: frozenset({
        Permission.EXTENSION_READ,
        Permission.EXTENSION_PUBLISH,
        Permission.EXTENSION_EDIT,
        Permission.EXTENSION_SET_VISIBILITY,
        Permission.EXTENSION_YANK,
        Permission.ORGANIZATION_READ_MEMBERS,
    }),
    Role.OWNER: frozenset(Permission),
}  # fmt: skip

SCOPES: Mapping[Scope, frozenset[Permission]] = {
    Scope.PULL: frozenset({Permission.EXTENSION_READ}),
    Scope.PUBLISH: frozenset({
        Permission.EXTENSION_READ,
        Permission.EXTENSION_PUBLISH,
        Permission.EXTENSION_EDIT,
        Permission.EXTENSION_SET_VISIBILITY,
        Permission.EXTENSION_YANK,
        Permission.EXTENSION_DELETE,
        Permission.EXTENSION_MANAGE,
        Permission.NAMESPACE_EDIT_RULES,
    }),
}  # fmt: skip


def allows(
    actor: Actor,
    permission: Permission,
    *,
    namespace: str,
    visibility: str = Visibility.PRIVATE,
) -> bool:
    """Test that the role or the visibility grants the permission, and the credential carries it."""
    if permission not in actor.permissions:
        return False
    if permission in GRANTS[actor.role_in(namespace)]:
        return True
    return permission == Permission.EXTENSION_READ and (
        visibility == Visibility.PUBLIC
        or (visibility == Visibility.INTERNAL and actor.user_id is not None)
    )


def require(
    actor: Actor,
    permission: Permission,
    *,
    namespace: str,
    visibility: str = Visibility.PRIVATE,
) -> None:
    """
    Let the actor pass, or say no in the way that tells them nothing they may not know.

    :raises NotFoundError: the actor may not even read
    :raises NotSignedInError: nobody is signed in, and the thing is there for all to see
    :raises NotAllowedError: the actor may read, but not this
    """
    if allows(actor, permission, namespace=namespace, visibility=visibility):
        return
    if not allows(actor, Permission.EXTENSION_READ, namespace=namespace, visibility=visibility):
        raise NotFoundError("There is nothing here that you can see.")
    if actor.user_id is None:
        raise NotSignedInError("Sign in, or send an access token, to do this.")
    raise NotAllowedError(f"You need the permission {permission} in {namespace} to do this.")
