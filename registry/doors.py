"""The one wrapper around everything that is done in a repository."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from core.errors import HubError
from core.origin import public_origin
from registry.access import Visitor, admit, challenge, visitor_of
from registry.bridge import call
from registry.errors import ChallengeError, status_and_code
from registry.scopes import PULL, PUSH
from registry.selectors import get_repository, require_publish
from registry.warm import Decided, Decisions
from wasmhub.oci import InvalidNameError, Repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.models import Extension, Manifest
    from core.actor import Actor
    from registry.models import BlobLink

# A visitor or a repository is a few kilobytes, a link less, a manifest up to four megabytes.
visitors: Decisions[Visitor] = Decisions(10_000)
repositories_read: Decisions[Extension] = Decisions(10_000)
blobs_read: Decisions[BlobLink] = Decisions(20_000)
manifests_read: Decisions[Manifest] = Decisions(
    64 * 1024 * 1024, weigh=lambda manifest: 4096 + len(manifest.content)
)

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a repository by a visitor whose token was asked for it."""

    request: Request
    visitor: Visitor
    repository: Repository
    until: float = 0.0  # how long what is known of the visitor counts; see registry.warm

    @property
    def actor(self) -> Actor:
        return self.visitor.actor

    @property
    def client(self) -> object:
        """Return what tells this client from others: its access token, or where it is."""
        return self.visitor.key or getattr(self.request.client, "host", "")

    @property
    def path(self) -> str:
        """Return where the repository is: the start of every Location."""
        return f"/v2/{self.repository}"


def repository(
    action: str, handler: Callable[[Visit], Awaitable[Response]], *, token_for: str = ""
) -> Endpoint:
    """
    Make a route's endpoint: find out who asks, let them in, or tell them to get a token.

    ``token_for`` is an action for which the token had better be, too.
    """

    async def endpoint(request: Request) -> Response:
        name = request.path_params["name"]
        visitor = Visitor()
        try:
            if action == PULL:
                visitor, until = await arrive(request)
                return await handler(Visit(request, visitor, admit(visitor, name, action), until))
            visitor = await arrive_now(request)
            visit = Visit(request, visitor, admit(visitor, name, action))
            # Before anything that was sent along is looked at, and before its body is read.
            await call(require_publish, actor=visit.actor, repository=visit.repository)
            try:
                return await handler(visit)
            finally:
                forget(str(visit.repository))
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except HubError as error:
            if not _needs_token(error, visitor):
                raise
            scopes = _scopes(request, name, token_for or action)
            raise ChallengeError(_message(error), challenge(_origin(request), scopes)) from error

    return endpoint


async def ping(request: Request) -> Response:
    """Tell a client that this is a registry, and whether its token works (spec 1.1, end-1)."""
    try:
        await arrive(request)
    except HubError as error:
        raise ChallengeError(error.message, challenge(_origin(request))) from error
    return Response(b"{}", media_type="application/json")


async def arrive(request: Request) -> Decided[Visitor]:
    """Return who reads, as they were at most two seconds ago; cookies say nothing here."""
    header = request.headers.get("authorization", "")
    return await visitors.of(header, _origin(request), partial(arrive_now, request))


async def arrive_now(request: Request) -> Visitor:
    """Return who writes, with the rights they have right now."""
    header = request.headers.get("authorization", "")
    return await call(visitor_of, header, origin=_origin(request))


async def repository_read(visit: Visit) -> Decided[Extension]:
    """
    Return the extension that somebody reads in: a fleet asks for one repository many times.

    :raises NotFoundError: it is absent, or the visitor may not see it
    """
    decide = partial(call, get_repository, actor=visit.actor, repository=visit.repository)
    return await repositories_read.of(
        str(visit.repository), visit.visitor.key, decide, until=visit.until
    )


def forget(repository: str) -> None:
    """Let everybody who reads in the repository from now on see what was just written."""
    for decisions in (repositories_read, manifests_read, blobs_read):
        decisions.forget(repository)


def _origin(request: Request) -> str:
    return public_origin(request.headers.get("host", ""))


def _needs_token(error: HubError, visitor: Visitor) -> bool:
    """Test that another token may help; to nobody in particular, private and absent look alike."""
    status, code = status_and_code(error)
    return status == 401 or (  # noqa: PLR2004 - Unauthorized
        code == "NAME_UNKNOWN" and not visitor.actor.is_signed_in
    )


def _message(error: HubError) -> str:
    if status_and_code(error)[1] == "NAME_UNKNOWN":
        return "Sign in: there is nothing here for everybody."
    return error.message


def _scopes(request: Request, name: str, action: str) -> Mapping[Repository, str]:
    """Return what to ask a token for; a mount also reads another repository."""
    wanted = {name: action}
    if action == PUSH and "mount" in request.query_params:
        wanted.setdefault(request.query_params.get("from", ""), PULL)
    scopes = {}
    for each, needed in wanted.items():
        try:
            scopes[Repository.parse(each)] = needed
        except InvalidNameError:
            continue  # no token is for such a name
    return scopes
