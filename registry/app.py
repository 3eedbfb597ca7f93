"""The registry as an ASGI app of its own: no Django middleware, no DRF."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException

from core.errors import HubError
from core.origin import public_origin
from registry.access import challenge
from registry.doors import arrive
from registry.errors import ChallengeError, answer, document, status_and_code
from registry.routes import routes
from wasmhub.oci import OciError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Docker-Distribution-Api-Version": "registry/2.0",
    "X-Content-Type-Options": "nosniff",
    # An answer says so itself when it is for everybody.
    "Cache-Control": "private, no-store",
}


class Registry:
    """The routes, with the headers that every answer has; HEAD is GET without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("The registry speaks HTTP only.")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if headers["cache-control"] == HEADERS["Cache-Control"]:
                    headers.setdefault("vary", "Cookie, Authorization")
            elif scope["method"] == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def refuse(request: Request, error: Exception) -> Response:
    """Answer an expected failure in OCI's form."""
    refusal = cast("HubError | OciError", error)
    status, _ = status_and_code(refusal)
    if status == 401 and not isinstance(refusal, ChallengeError):  # noqa: PLR2004 - Unauthorized
        refusal = ChallengeError(str(error), _challenge(request))
    return answer(refusal)


async def refuse_route(request: Request, error: Exception) -> Response:
    """Answer a request for which there is no route; below /v2/ strangers learn not even that."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    if status == 405:  # noqa: PLR2004 - Method Not Allowed
        headers = dict(cast("HTTPException", error).headers or {})
        return document(status, "UNSUPPORTED", "This is not done here.", headers=headers)
    if request.url.path.startswith("/v2/"):
        try:
            await arrive(request)
        except HubError as refusal:
            return await refuse(request, refusal)
    return document(status, "NAME_UNKNOWN", "There is nothing at this address.")


async def apologise(_request: Request, _error: Exception) -> Response:
    """Answer when something broke; the server logs the error."""
    return document(500, "UNKNOWN", "The hub failed. Nothing was changed; try again.")


def _challenge(request: Request) -> str:
    return challenge(public_origin(request.headers.get("host", "")))


def create_app() -> Registry:
    """Make the app."""
    app = Starlette(
        routes=routes,
        exception_handlers={
            HubError: refuse,
            OciError: refuse,
            HTTPException: refuse_route,
            Exception: apologise,
        },
    )
    app.router.redirect_slashes = False
    return Registry(app)


application = create_app()
