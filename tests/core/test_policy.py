"""The whole table of roles and permissions, as users would expect it."""

from __future__ import annotations

import pytest

from core.actor import ANONYMOUS, Actor, permissions_of
from core.errors import NotAllowedError, NotFoundError, NotSignedInError
from core.policy import Permission, Role, Visibility, allows, require

READ = Permission.EXTENSION_READ
PUBLISH = Permission.EXTENSION_PUBLISH
EDIT = Permission.EXTENSION_EDIT
SHOW = Permission.EXTENSION_SET_VISIBILITY
YANK = Permission.EXTENSION_YANK
DELETE = Permission.EXTENSION_DELETE
MOVE = Permission.EXTENSION_MANAGE
RULE = Permission.NAMESPACE_EDIT_RULES
SEE_MEMBERS = Permission.ORGANIZATION_READ_MEMBERS
MANAGE = Permission.ORGANIZATION_MANAGE_MEMBERS
ACCOUNT = Permission.ACCOUNT_MANAGE
# What a token may do where its owner may.
PUBLISHING = {READ, PUBLISH, EDIT, SHOW, YANK, DELETE, MOVE, RULE}

OF_ROLE = {
    Role.STRANGER: set(),
    Role.MEMBER: {READ, PUBLISH, EDIT, SHOW, YANK, SEE_MEMBERS},
    Role.OWNER: {*PUBLISHING, SEE_MEMBERS, MANAGE, ACCOUNT},
}
OF_SCOPES = {
    (): set(),
    ("pull",): {READ},
    ("publish",): PUBLISHING,
    ("pull", "publish"): PUBLISHING,
    ("nonsense",): set(),
}


def actor(role: Role, permissions: frozenset[Permission] = frozenset(Permission)) -> Actor:
    return Actor(1, "somebody", {"acme": role}, permissions)


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_a_role_grants_what_the_table_says(role: Role, permission: Permission) -> None:
    granted = allows(actor(role), permission, namespace="acme")

    assert granted == (permission in OF_ROLE[role])


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("scopes", OF_SCOPES)
def test_a_token_carries_no_more_than_its_scopes(
    scopes: tuple[str, ...], permission: Permission
) -> None:
    owner = actor(Role.OWNER, permissions_of(scopes))

    assert allows(owner, permission, namespace="acme") == (permission in OF_SCOPES[scopes])


@pytest.mark.parametrize(
    ("visibility", "anonymous", "signed_in"),
    [
        (Visibility.PUBLIC, True, True),
        (Visibility.INTERNAL, False, True),
        (Visibility.PRIVATE, False, False),
    ],
)
def test_a_visibility_opens_reading_and_nothing_else(
    visibility: Visibility, anonymous: bool, signed_in: bool
) -> None:
    where = {"namespace": "elsewhere", "visibility": visibility.value}

    assert allows(ANONYMOUS, READ, **where) == anonymous
    assert allows(actor(Role.OWNER), READ, **where) == signed_in
    assert not any(allows(actor(Role.OWNER), each, **where) for each in set(Permission) - {READ})


def test_a_role_in_one_namespace_is_nothing_in_another() -> None:
    assert not allows(actor(Role.OWNER), READ, namespace="acm")


def test_refusal_tells_a_stranger_nothing() -> None:
    with pytest.raises(NotFoundError):
        require(actor(Role.STRANGER), PUBLISH, namespace="acme")


def test_refusal_asks_the_anonymous_to_sign_in_where_all_may_read() -> None:
    with pytest.raises(NotSignedInError):
        require(ANONYMOUS, PUBLISH, namespace="acme", visibility="public")


def test_refusal_names_the_permission_to_those_who_may_read() -> None:
    with pytest.raises(NotAllowedError, match="organization:manage-members in acme"):
        require(actor(Role.MEMBER), MANAGE, namespace="acme")
