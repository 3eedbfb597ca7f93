"""Turn a person, or a credential, into the actor that the policy judges."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from accounts.models import AccessToken, Membership, User
from core.actor import ANONYMOUS, Actor, permissions_of
from core.errors import CredentialsError
from core.noting import note
from core.policy import Permission, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

# A pull by a fleet must not write a row per request.
LAST_USED_EVERY = timedelta(minutes=1)
WRONG = "The name or the access token is wrong, expired or revoked."


def actor_for(user: User | AnonymousUser) -> Actor:
    """Return the actor of a signed-in person, or nobody."""
    if not isinstance(user, User) or not user.is_active:
        return ANONYMOUS
    return _actor(user, frozenset(Permission))


def actor_by_user_id(user_id: int, permissions: frozenset[Permission]) -> Actor | None:
    """Return the actor of a person as they are now; None when the account is gone or closed."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return _actor(user, permissions) if user else None


def actor_by_access_token(secret: str, *, username: str | None = None) -> Actor:
    """
    Return the actor behind an access token; with a user name, only if it is the owner's.

    :raises CredentialsError: wrong, expired or revoked, or somebody else's
    """
    return token_actor(find_access_token(secret, username=username))


def token_actor(token: AccessToken) -> Actor:
    """Return the actor that a valid access token stands for."""
    return _actor(token.user, permissions_of(token.scopes))


def find_access_token(secret: str, *, username: str | None = None) -> AccessToken:
    """
    Return the valid access token with this secret and note that it was used.

    :raises CredentialsError: wrong, expired or revoked, or not of this user name
    """
    digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
    now = timezone.now()
    token = AccessToken.objects.select_related("user").filter(sha256=digest).first()
    if token is None or token.revoked or not token.user.is_active:
        raise CredentialsError(WRONG)
    if token.expires and token.expires <= now:
        raise CredentialsError(WRONG)
    if username is not None and username.lower() != token.user.username:
        raise CredentialsError(WRONG)
    if token.last_used is None or token.last_used < now - LAST_USED_EVERY:
        note(AccessToken.objects.filter(pk=token.pk), last_used=now)
    return token


def access_token_now(access_token_id: int) -> AccessToken | None:
    """Return an access token with its owner, unless it has ended since it was last looked at."""
    unexpired = Q(expires__isnull=True) | Q(expires__gt=timezone.now())
    return (
        AccessToken.objects.select_related("user")
        .filter(unexpired, pk=access_token_id, revoked__isnull=True, user__is_active=True)
        .first()
    )


def _actor(user: User, permissions: frozenset[Permission]) -> Actor:
    roles = {user.username: Role.OWNER}
    memberships = Membership.objects.filter(user=user)
    for name, role in memberships.values_list("organization__namespace__name", "role"):
        roles[name] = Role(role)
    return Actor(user.pk, user.username, MappingProxyType(roles), permissions)
