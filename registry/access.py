"""From an Authorization header to the actor, and from a refusal to a challenge."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.actors import access_token_now, find_access_token, token_actor
from core.actor import ANONYMOUS, Actor
from core.errors import CredentialsError, NotSignedInError
from registry import bearer
from registry.scopes import scope_of
from wasmhub.oci import InvalidNameError, Repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.models import AccessToken


@dataclass(frozen=True, slots=True)
class Visitor:
    """
    Who asks, and for what their token was asked: actions by repository.

    ``key`` tells apart those who may not get the same answers: person and access token.
    """

    actor: Actor = ANONYMOUS
    asked: Mapping[str, list[str]] = field(default_factory=lambda: MappingProxyType({}))
    key: tuple[int, int] | None = None

    def has_asked(self, repository: Repository, action: str) -> bool:
        return action in self.asked.get(str(repository), ())


def visitor_of(authorization: str, *, origin: str) -> Visitor:
    """
    Return the visitor behind a registry token, with the rights they have now.

    :raises NotSignedInError: there is no token
    :raises CredentialsError: the token, or the access token behind it, is not valid (any more)
    """
    scheme, _, token = authorization.partition(" ")
    if not authorization:
        raise NotSignedInError("Get a token first; an anonymous one will do for what is public.")
    if scheme.lower() != "bearer":
        raise CredentialsError("The registry takes a Bearer token from /token and nothing else.")
    claims = bearer.read(token.strip(), origin=origin)
    if claims.user_id is None or claims.access_token_id is None:
        return Visitor(ANONYMOUS, claims.asked)
    key = (claims.user_id, claims.access_token_id)
    return Visitor(_actor_now(*key), claims.asked, key)


def _actor_now(user_id: int, access_token_id: int) -> Actor:
    """Return the actor as the database knows them: what was taken from them is gone at once."""
    token = access_token_now(access_token_id)
    if token is None or token.user_id != user_id:
        raise CredentialsError(bearer.WRONG)
    return token_actor(token)


def admit(visitor: Visitor, name: str, action: str) -> Repository:
    """
    Return the repository if the visitor's token was asked for the action there.

    That says nothing of rights: services and selectors judge those.

    :raises InvalidNameError: the name breaks the grammar, and somebody signed in is told the rule
    :raises NotSignedInError: another token is needed
    """
    try:
        repository = Repository.parse(name)
    except InvalidNameError:
        if visitor.actor.is_signed_in:
            raise
        raise NotSignedInError("Get a token for this repository first.") from None
    if not visitor.has_asked(repository, action):
        raise NotSignedInError("Get a token for this repository and this action first.")
    return repository


def basic_token(authorization: str) -> AccessToken:
    """
    Return the access token that came as a password, with its owner's name.

    :raises CredentialsError: it is not valid, or somebody else's
    """
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise CredentialsError("Send your user name, and an access token as the password.")
    try:
        decoded = base64.b64decode(value.strip(), validate=True).decode()
    except ValueError as error:
        raise CredentialsError("The Basic credentials cannot be read.") from error
    name, _, secret = decoded.partition(":")
    return find_access_token(secret, username=name)


def challenge(origin: str, scopes: Mapping[Repository, str] | None = None) -> str:
    """Say where to get a token, and for which actions (the value of WWW-Authenticate)."""
    parts = [f'realm="{origin}/token"', f'service="{bearer.service_of(origin)}"']
    if scopes:
        wanted = " ".join(scope_of(repository, action) for repository, action in scopes.items())
        parts.append(f'scope="{wanted}"')
    return "Bearer " + ",".join(parts)
