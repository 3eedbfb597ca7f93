"""Registry tokens: what they say, and how they are signed and verified (spec/auth/jwt)."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import jwt

from core.errors import CredentialsError
from registry.keys import keyring

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHM = "ES256"
SECONDS = 300
# Clocks of two web hosts may differ a little.
LEEWAY_SECONDS = 2
CLAIMS = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "access", "asked"]
WRONG = "The token is wrong or expired: ask for a new one."

Actions = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Claims:
    """
    What a token says: whose it is, and for which actions on which repositories it was asked.

    ``user_id`` and ``access_token_id`` are None for anybody's token.
    """

    user_id: int | None = None
    access_token_id: int | None = None
    asked: Mapping[str, list[str]] = field(default_factory=lambda: MappingProxyType({}))


def service_of(origin: str) -> str:
    """Return the name that the registry has in challenges and as the audience of tokens."""
    return origin.partition("://")[2]


def issue(claims: Claims, *, granted: Actions, origin: str, now: float | None = None) -> str:
    """
    Sign a token; ``granted`` is what the standard ``access`` claim shows.

    ``asked`` goes along, because a request that the token was not asked for is answered with a
    challenge, and one that was asked for and not granted is not.
    """
    key = keyring.signing_key()
    moment = int(now if now is not None else time.time())
    payload = {
        "iss": origin,
        "sub": "" if claims.user_id is None else str(claims.user_id),
        "aud": service_of(origin),
        "exp": moment + SECONDS,
        "nbf": moment,
        "iat": moment,
        "jti": uuid.uuid4().hex,
        "access": [
            {"type": "repository", "name": name, "actions": actions}
            for name, actions in granted.items()
            if actions
        ],
        "asked": dict(claims.asked),
        "access_token": claims.access_token_id,
    }
    return jwt.encode(payload, key.private, algorithm=ALGORITHM, headers={"kid": key.kid})


def read(token: str, *, origin: str) -> Claims:
    """
    Verify a token and return what it says.

    The key is ours, by name: a key or an address in the token's header is never looked at
    (CVE-2025-24976), and one algorithm is allowed.

    :raises CredentialsError: it is not ours, or not valid now
    """
    try:
        payload = jwt.decode(
            token,
            _key(token),
            algorithms=[ALGORITHM],
            audience=service_of(origin),
            issuer=origin,
            leeway=LEEWAY_SECONDS,
            options={"require": CLAIMS},
        )
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise CredentialsError(WRONG) from error
    return _claims(payload)


def _key(token: str) -> Any:
    kid = jwt.get_unverified_header(token).get("kid")
    key = keyring.verification_key(kid) if isinstance(kid, str) else None
    if key is None:
        raise CredentialsError(WRONG)
    return key


def _claims(payload: dict[str, Any]) -> Claims:
    subject = payload["sub"]
    return Claims(
        user_id=int(subject) if subject else None,
        access_token_id=payload["access_token"],
        asked=MappingProxyType(payload["asked"]),
    )
