"""Raw modules for Envoy: /download/<namespace>/<name>/<sha256>.wasm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib.auth import get_user

from accounts.actors import actor_by_access_token, actor_for, token_actor
from catalog.selectors import carrier_of, get_extension
from core.actor import ANONYMOUS
from core.errors import NotFoundError
from registry.access import basic_token
from registry.bridge import call
from registry.counting import pulls
from registry.errors import BlobUnknownError
from registry.sending import send_content
from registry.warm import Decisions
from wasmhub.oci import InvalidNameError, Repository

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from core.actor import Actor

IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}
PERSONAL = {"Cache-Control": "private, no-store", "Vary": "Cookie, Authorization"}


@dataclass(frozen=True, slots=True)
class Found:
    """A module that the visitor may have, by which manifest, and whether everybody may."""

    size: int
    manifest_id: int
    user_id: int | None
    is_public: bool


downloads: Decisions[Found] = Decisions(20_000)


async def download(request: Request) -> Response:
    """Send a module's bytes: at once, with their length, and for ever the same."""
    namespace, name, sha256 = (request.path_params[key] for key in ("namespace", "name", "sha256"))
    authorization, session_key = credentials_of(request)
    found, _ = await downloads.of(
        f"{namespace}/{name}",
        (sha256, authorization, session_key),
        partial(call, _find, namespace, name, sha256, authorization, session_key),
    )
    if request.method == "GET":
        client = authorization or session_key or getattr(request.client, "host", "")
        pulls.note(found.manifest_id, user_id=found.user_id, client=client)
    caching = IMMUTABLE if found.is_public else PERSONAL
    headers = {"Content-Type": "application/wasm", **caching}
    return await send_content(request, sha256=sha256, size=found.size, headers=headers)


def _find(
    namespace: str, name: str, sha256: str, authorization: str, session_key: str | None
) -> Found:
    actor = actor_of(authorization, session_key)
    try:
        # The grammar first: the database need not see what can name nothing.
        repository = Repository(namespace, name)
        extension = get_extension(actor=actor, namespace=repository.namespace, name=repository.name)
    except (InvalidNameError, NotFoundError) as error:
        raise _unknown() from error
    carrier = carrier_of(actor=actor, extension=extension, sha256=sha256)
    if carrier is None or carrier.module is None:
        raise _unknown()
    is_public = extension.visibility == "public" and carrier.is_readable
    return Found(carrier.module.size, carrier.pk, actor.user_id, is_public)


def credentials_of(request: Request) -> tuple[str, str | None]:
    """Return the header of an access token, and the key of the browser's session."""
    session_key = request.cookies.get(settings.SESSION_COOKIE_NAME)
    return request.headers.get("authorization", ""), session_key


def actor_of(authorization: str, session_key: str | None) -> Actor:
    """
    Return who asks: by an access token, as Bearer or as a password, or by the browser's session.

    :raises CredentialsError: credentials came along and are not valid
    """
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return actor_by_access_token(value.strip())
    if authorization:
        return token_actor(basic_token(authorization))
    if session_key and session_key.isalnum():
        engine = import_module(settings.SESSION_ENGINE)
        # All that Django's authentication looks at in a request.
        visit = SimpleNamespace(session=engine.SessionStore(session_key))
        return actor_for(get_user(cast("Any", visit)))
    return ANONYMOUS


def _unknown() -> BlobUnknownError:
    return BlobUnknownError("There is no such module here that you can have.")
