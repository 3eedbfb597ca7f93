"""Everything that changes people, organizations and access tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import AccessToken, Membership, Namespace, Organization, User
from accounts.names import check_namespace
from core import audit
from core.errors import ConflictError, InvalidError, NameTakenError, NotFoundError, NotSignedInError
from core.policy import Permission, Role, Scope, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.actor import Actor

TOKEN_PREFIX = "whub_"  # noqa: S105 - the public part, which secret scanners look for
TOKEN_DAYS = 90
DEFAULT_SCOPES = (Scope.PULL, Scope.PUBLISH)


@transaction.atomic
def create_user(*, username: str, email: str, password: str, staff: bool = False) -> User:
    """
    Open an account with a password, and give it the namespace of its name.

    :raises NameInvalidError: the name is outside the grammar or reserved
    :raises NameTakenError: somebody has the name
    """
    check_namespace(username)
    if Namespace.objects.filter(name=username).exists():
        raise NameTakenError(f"The name “{username}” is taken.", name=username)
    user = User.objects.create_user(username, email, password, is_staff=staff, is_superuser=staff)
    claim_namespace(user=user)
    return user


@transaction.atomic
def claim_namespace(*, user: User) -> Namespace:
    """
    Give a new account the namespace of its user name.

    :raises NameInvalidError: the name is outside the grammar or reserved
    :raises NameTakenError: an organization, or another person, has the name
    """
    namespace = _new_namespace(user.username, user=user)
    audit.record(None, "user.created", user.username)
    return namespace


@transaction.atomic
def create_organization(
    *, actor: Actor, name: str, display_name: str = "", description: str = ""
) -> Organization:
    """
    Found an organization; the actor becomes its first owner.

    :raises NotSignedInError: nobody is signed in
    :raises NameInvalidError: the name is outside the grammar or reserved
    :raises NameTakenError: somebody has the name
    """
    if actor.user_id is None:
        raise NotSignedInError("Sign in to found an organization.")
    require(actor, Permission.ACCOUNT_MANAGE, namespace=actor.name)
    organization = Organization.objects.create(
        display_name=display_name or name, description=description
    )
    _new_namespace(name, organization=organization)
    Membership.objects.create(
        organization=organization, user_id=actor.user_id, role=Role.OWNER.value
    )
    audit.record(actor, "organization.created", name)
    return organization


@transaction.atomic
def set_member(*, actor: Actor, organization: Organization, username: str, role: Role) -> None:
    """
    Add a person to the organization, or change their role.

    :raises NotFoundError: there is no such person, or the actor may not know of the organization
    :raises ConflictError: it would leave the organization without an owner
    """
    name = organization.namespace.name
    require(actor, Permission.ORGANIZATION_MANAGE_MEMBERS, namespace=name)
    user = User.objects.filter(username=username.lower(), is_active=True).first()
    if user is None:
        raise NotFoundError(f"There is nobody called “{username[:50]}” here.")
    if role not in {Role.MEMBER, Role.OWNER}:
        raise InvalidError("A role in an organization is member or owner.")
    if role != Role.OWNER:
        _step_down(organization, user)
    Membership.objects.update_or_create(
        organization=organization, user=user, defaults={"role": role.value}
    )
    audit.record(actor, "organization.member-set", name, member=user.username, role=role.value)


@transaction.atomic
def remove_member(*, actor: Actor, organization: Organization, username: str) -> None:
    """
    Take a person out of the organization; everybody may leave by themselves.

    :raises NotFoundError: they are no member, or the actor may not know of the organization
    :raises ConflictError: it would leave the organization without an owner
    """
    name = organization.namespace.name
    if username == actor.name:
        require(actor, Permission.ACCOUNT_MANAGE, namespace=actor.name)
    else:
        require(actor, Permission.ORGANIZATION_MANAGE_MEMBERS, namespace=name)
    membership = organization.memberships.filter(user__username=username).first()
    if membership is None:
        raise NotFoundError(f"“{username[:50]}” is no member of {name}.")
    _step_down(organization, membership.user)
    membership.delete()
    audit.record(actor, "organization.member-removed", name, member=username)


def create_access_token(
    *,
    actor: Actor,
    name: str,
    scopes: Sequence[str] = DEFAULT_SCOPES,
    days: int | None = TOKEN_DAYS,
) -> tuple[AccessToken, str]:
    """
    Make an access token of the actor's and return it with its secret, which is shown once.

    :raises NotSignedInError: nobody is signed in
    :raises InvalidError: an unknown scope, or an expiry outside 1 to 3650 days
    """
    if actor.user_id is None:
        raise NotSignedInError("Sign in to make an access token.")
    require(actor, Permission.ACCOUNT_MANAGE, namespace=actor.name)
    known = [scope.value for scope in Scope]
    if not scopes or not set(scopes) <= set(known):
        raise InvalidError(f"The scopes of an access token are: {', '.join(known)}.")
    if days is not None and not 1 <= days <= 3650:  # noqa: PLR2004 - the number is explained here
        raise InvalidError("An access token expires after 1 to 3650 days.")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = AccessToken.objects.create(
            user_id=actor.user_id,
            name=name.strip()[:100] or "token",
            sha256=hashlib.sha256(secret.encode()).hexdigest(),
            hint=secret[: len(TOKEN_PREFIX) + 4],
            scopes=[str(scope) for scope in scopes],
            expires=timezone.now() + timedelta(days=days) if days else None,
        )
        audit.record(actor, "token.created", actor.name, token=token.hint, scopes=token.scopes)
    return token, secret


@transaction.atomic
def revoke_access_token(*, actor: Actor, token_id: int) -> None:
    """
    End an access token of the actor's at once.

    :raises NotFoundError: the actor has no such token
    """
    require(actor, Permission.ACCOUNT_MANAGE, namespace=actor.name)
    mine = AccessToken.objects.filter(pk=token_id, user_id=actor.account)
    if not mine.filter(revoked__isnull=True).update(revoked=timezone.now()):
        raise NotFoundError("You have no such access token.")
    audit.record(actor, "token.revoked", actor.name, token=mine.get().hint)


def _step_down(organization: Organization, user: User) -> None:
    """
    Take the owner's role from a person unless nobody else has it, in one conditional UPDATE.

    :raises ConflictError: they are the last owner
    """
    others = Membership.objects.filter(
        organization=OuterRef("organization"), role=Role.OWNER.value
    ).exclude(user=user)
    # Two owners who step down at once must not both win: PostgreSQL's row locks serialise them
    # here, and on SQLite the transaction has the write lock since it began.
    list(organization.memberships.select_for_update().values_list("pk"))
    owner = organization.memberships.filter(user=user, role=Role.OWNER.value)
    if owner.exists() and not owner.filter(Exists(others)).update(role=Role.MEMBER.value):
        raise ConflictError("An organization needs an owner. Make somebody else an owner first.")


def _new_namespace(
    name: str, *, user: User | None = None, organization: Organization | None = None
) -> Namespace:
    check_namespace(name)
    try:
        with transaction.atomic():
            return Namespace.objects.create(name=name, user=user, organization=organization)
    except IntegrityError as error:
        raise NameTakenError(f"The name “{name}” is taken.", name=name) from error
