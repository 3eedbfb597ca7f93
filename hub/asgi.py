"""
The whole site on one port: the registry's ASGI app beside Django's WSGI app in a pool of threads.

Django under native ASGI costs several times the CPU, and a WSGI server starves under slow
clients; so each half runs where it is good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from a2wsgi import WSGIMiddleware

from hub.bodies import WholeRequests
from hub.lifespan import lifespan, on_shutdown
from hub.wsgi import application as django
from registry.app import application as registry
from registry.bridge import bridge, content_bridge
from registry.counting import pulls

if TYPE_CHECKING:
    from a2wsgi.wsgi_typing import WSGIApp
    from starlette.types import ASGIApp, Receive, Scope, Send

DJANGO_THREADS = 16


async def _who(scope: Scope) -> int | None:
    from accounts.callers import person_behind  # noqa: PLC0415 - Django must be set up before

    return await bridge.call(person_behind, scope["headers"])


bridged = WSGIMiddleware(cast("WSGIApp", django), workers=DJANGO_THREADS)
portal = WholeRequests(cast("ASGIApp", bridged), who=_who)
on_shutdown.extend([pulls.flush, content_bridge.close, bridge.close])


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Send each request to its half."""
    if scope["type"] == "lifespan":
        await lifespan(scope, receive, send)
    elif scope["type"] == "http" and is_registrys(scope["path"]):
        await registry(scope, receive, send)
    else:
        await portal(scope, receive, send)


def is_registrys(path: str) -> bool:
    """Test that the path belongs to the registry's half."""
    return path in {"/v2", "/token"} or path.startswith(("/v2/", "/download/"))
