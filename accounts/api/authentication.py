"""Who asks the REST API: an access token, as Bearer or as Basic with the owner's name."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication

from accounts.actors import find_access_token, token_actor
from core.errors import CredentialsError

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.models import AccessToken, User
    from accounts.requests import HubRequest


class AccessTokenAuthentication(BaseAuthentication):
    """Take an access token; the actor of the request is then the token's."""

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        """Return the token's owner and the token, or None without an Authorization header."""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        username: str | None = None
        secret = value.strip()
        if scheme.lower() == "basic":
            username, secret = _basic(secret)
        elif scheme.lower() != "bearer":
            return None
        token = find_access_token(secret, username=username)
        # The middleware's actor is the session's; a view reads this one.
        cast("HubRequest", request._request).actor = token_actor(token)  # noqa: SLF001 - see above
        return token.user, token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - the signature is the framework's
        """Name the scheme of the challenge."""
        return 'Bearer realm="WebAssembly Hub"'


def _basic(value: str) -> tuple[str, str]:
    try:
        decoded = base64.b64decode(value, validate=True).decode()
    except ValueError as error:
        raise CredentialsError("The Basic credentials cannot be read.") from error
    name, _, secret = decoded.partition(":")
    return name, secret


class AccessTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # its metaclass
    """Describe the scheme in the OpenAPI schema."""

    target_class = "accounts.api.authentication.AccessTokenAuthentication"
    name = "accessToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002 - the signature is the framework's
        return {"type": "http", "scheme": "bearer", "description": "An access token, whub_…"}
