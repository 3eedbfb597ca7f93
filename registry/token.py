"""Tokens: /token for Docker's and OCI's clients (distribution's spec/auth/token and oauth)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse

from accounts.actors import find_access_token, token_actor
from core.actor import ANONYMOUS
from core.errors import InvalidError
from core.origin import public_origin
from registry import bearer, refreshing
from registry.access import basic_token
from registry.bridge import call
from registry.receiving import whole
from registry.scopes import parse_scopes
from registry.selectors import granted_actions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from accounts.models import AccessToken
    from wasmhub.oci import Repository

FORM_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for: actions by repository, and perhaps a login that it can keep."""

    asked: Mapping[Repository, frozenset[str]]
    origin: str
    refreshable: bool


async def get(request: Request) -> Response:
    """Give a token to whoever sends Basic credentials or an access token, or an anonymous one."""
    query = request.query_params
    wish = Wish(
        parse_scopes(query.getlist("scope")),
        _origin(request),
        refreshable=query.get("offline_token", "").lower() == "true",
    )
    return await _answer(wish, partial(_by_header, request.headers.get("authorization", "")))


async def post(request: Request) -> Response:
    """Do the same for an OAuth 2 form; the password is an access token here, too."""
    form = _fields(await whole(request, limit=FORM_LIMIT))

    def field(name: str) -> str:
        return form.get(name, [""])[0]

    wish = Wish(
        parse_scopes(form.get("scope", [])),
        _origin(request),
        refreshable=field("access_type") == "offline",
    )
    grants: dict[str, Callable[[], AccessToken | None]] = {
        "": partial(_by_header, request.headers.get("authorization", "")),
        "password": partial(find_access_token, field("password"), username=field("username")),
        "refresh_token": partial(refreshing.access_token_of, field("refresh_token")),
    }
    credential = grants.get(field("grant_type"))
    if credential is None:
        raise InvalidError("The grant types here are password and refresh_token.")
    return await _answer(wish, credential, refreshed=field("refresh_token"))


async def _answer(
    wish: Wish, credential: Callable[[], AccessToken | None], *, refreshed: str = ""
) -> Response:
    def work() -> dict[str, Any]:
        return _reply(credential(), wish, refreshed)

    return JSONResponse(await call(work))


def _by_header(authorization: str) -> AccessToken | None:
    """Read Basic credentials, or an access token alone: `wasmhub` does not know whose it is."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return find_access_token(value.strip())
    return basic_token(authorization) if authorization else None


def _origin(request: Request) -> str:
    return public_origin(request.headers.get("host", ""))


def _fields(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(body.decode(), max_num_fields=100)
    except ValueError as error:
        raise InvalidError("The form cannot be read.") from error


def _reply(credential: AccessToken | None, wish: Wish, refreshed: str) -> dict[str, Any]:
    """Sign a token for the part of what is asked that the actor may have, and tell about it."""
    actor = token_actor(credential) if credential else ANONYMOUS
    granted = granted_actions(actor=actor, asked=wish.asked)
    claims = bearer.Claims(
        user_id=actor.user_id,
        access_token_id=credential.pk if credential else None,
        asked={str(repository): sorted(actions) for repository, actions in wish.asked.items()},
    )
    issued = datetime.now(UTC)
    token = bearer.issue(claims, granted=granted, origin=wish.origin, now=issued.timestamp())
    reply = {
        "token": token,
        "access_token": token,
        "expires_in": bearer.SECONDS,
        "issued_at": issued.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "scope": " ".join(
            f"repository:{name}:{','.join(actions)}" for name, actions in granted.items() if actions
        ),
    }
    if credential and refreshed:
        reply["refresh_token"] = refreshed
    elif credential and wish.refreshable:
        reply["refresh_token"] = refreshing.make(credential)
    return reply
