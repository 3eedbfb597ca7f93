"""Tokens: /token for Docker's and OCI's clients (distribution's spec/auth/token and oauth)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse

from accounts.actors import find_access_token, token_actor
from core.actor import ANONYMOUS
from core.errors import InvalidError
from core.origin import public_origin
from registry import bearer
from registry.access import basic_token
from registry.bridge import call
from registry.receiving import whole
from registry.scopes import parse_scopes
from registry.selectors import granted_actions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from accounts.models import AccessToken
    from wasmhub.oci import Repository

FORM_LIMIT = 64 * 1024


async def get(request: Request) -> Response:
    """Give a token to whoever sends Basic credentials, or an anonymous one."""
    asked = parse_scopes(request.query_params.getlist("scope"))
    body = await call(_token, request.headers.get("authorization", ""), asked, _origin(request))
    return JSONResponse(body)


async def post(request: Request) -> Response:
    """Do the same for an OAuth 2 form; the password is an access token here, too."""
    form = _fields(await whole(request, limit=FORM_LIMIT))
    asked = parse_scopes(form.get("scope", []))
    authorization = request.headers.get("authorization", "")
    grant_type = form.get("grant_type", [""])[0]
    if grant_type == "password":
        pair = (form.get("username", [""])[0], form.get("password", [""])[0])
        body = await call(_token_by_password, pair, asked, _origin(request))
    elif grant_type == "":
        body = await call(_token, authorization, asked, _origin(request))
    else:
        raise InvalidError("The grant types here are password, and none with Basic credentials.")
    return JSONResponse(body)


def _origin(request: Request) -> str:
    return public_origin(request.headers.get("host", ""))


def _fields(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(body.decode(), max_num_fields=100)
    except ValueError as error:
        raise InvalidError("The form cannot be read.") from error


def _token(
    authorization: str, asked: Mapping[Repository, frozenset[str]], origin: str
) -> dict[str, Any]:
    return _reply(basic_token(authorization) if authorization else None, asked, origin)


def _token_by_password(
    pair: tuple[str, str], asked: Mapping[Repository, frozenset[str]], origin: str
) -> dict[str, Any]:
    username, password = pair
    return _reply(find_access_token(password, username=username), asked, origin)


def _reply(
    credential: AccessToken | None, asked: Mapping[Repository, frozenset[str]], origin: str
) -> dict[str, Any]:
    """Sign a token for the part of what is asked that the actor may have, and tell about it."""
    actor = token_actor(credential) if credential else ANONYMOUS
    granted = granted_actions(actor=actor, asked=asked)
    claims = bearer.Claims(
        user_id=actor.user_id,
        access_token_id=credential.pk if credential else None,
        asked={str(repository): sorted(actions) for repository, actions in asked.items()},
    )
    issued = datetime.now(UTC)
    token = bearer.issue(claims, granted=granted, origin=origin, now=issued.timestamp())
    return {
        "token": token,
        "access_token": token,
        "expires_in": bearer.SECONDS,
        "issued_at": issued.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "scope": " ".join(
            f"repository:{name}:{','.join(actions)}" for name, actions in granted.items() if actions
        ),
    }
