"""
Requests to the one backing registry: its origin, the credentials, redirects and time limits.

Everything that goes wrong on the way is a ContentError with a sentence; the operator's log has
the details, without queries and credentials.
"""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError, ProtocolError

from core.content import ContentError
from registry.stores.credentials import REFUSED, Credentials
from wasmhub.oci.origins import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from urllib3 import BaseHTTPResponse

log = logging.getLogger(__name__)

CHUNK = 256 * 1024
CONNECT_SECONDS, IDLE_SECONDS = 5.0, 30.0
# What drips never idles: this slow, in bytes a second, is too slow for a whole content.
SLOWEST = 250_000
HOPS = 3
# A proxy's threads and the workers' in one process; more connections are made, but not kept.
KEPT_CONNECTIONS = 32
SMALL_BODY = 1024 * 1024
LENGTH = re.compile(r"[0-9]{1,15}")
OK, UNAUTHORIZED = 200, 401
REDIRECTS = {301, 302, 303, 307, 308}
# What a token has to be for, as registries ask for it.
ACTIONS = {"GET": "pull", "HEAD": "pull", "POST": "pull,push", "PUT": "pull,push"}
UNREACHABLE = "The backing registry does not answer."


class Connection:
    """Requests below ``/v2/<repository>/`` of one registry."""

    def __init__(self, origin: Origin, repository: str, *, username: str, password: str) -> None:
        self.origin = origin
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        self._base = f"{origin.scheme}://{host}:{origin.port}/v2/{repository}/"
        self._repository = repository
        self._credentials = Credentials(
            origin, username=username, password=password, get=self._get_token
        )
        self._manager = PoolManager(num_pools=4, maxsize=KEPT_CONNECTIONS, blocksize=CHUNK)

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Callable[[], Iterator[bytes]] | None = None,
        headers: Mapping[str, str] | None = None,
        patience: float | None = None,
    ) -> BaseHTTPResponse:
        """
        Send a request, with the credentials that it takes, and return the head of the answer.

        ``path`` is relative to the repository, or a URL of the same origin. Redirects are the
        caller's. ``body`` is called again when the first attempt was one without credentials.

        :raises ContentError: there is no answer, or the credentials are refused
        """
        url = urljoin(self._base, path)
        if Origin.of(url) != self.origin:
            raise ContentError("The backing registry sends the hub's bytes to another host.")
        action = ACTIONS.get(method, method.lower())
        for attempt in range(2):
            send = dict(headers or {})
            if authorization := self._credentials.header(action):
                send["Authorization"] = authorization
            response = self._send(method, url, body=body, headers=send, patience=patience)
            if response.status != UNAUTHORIZED:
                return response
            finish(response)
            if attempt == 0:
                self._credentials.satisfy(
                    response.headers.getlist("WWW-Authenticate"),
                    action=action,
                    scope=f"repository:{self._repository}:{action}",
                )
        raise ContentError(REFUSED)

    def look(self, method: str, path: str) -> BaseHTTPResponse:
        """
        GET or HEAD, also where the registry says that the bytes are elsewhere.

        Whoever else is asked gets no credentials; the bytes are judged by their digest.

        :raises ContentError: see ``ask``; or the redirects lead nowhere
        """
        response = self.ask(method, path)
        url = urljoin(self._base, path)
        for _ in range(HOPS):
            if response.status not in REDIRECTS:
                return response
            finish(response)
            url = urljoin(url, response.headers.get("Location", ""))
            if Origin.of(url) is None:
                raise ContentError("The backing registry redirects to what is no address.")
            response = self._send(method, url)
        if response.status in REDIRECTS:
            response.close()
            raise ContentError("The backing registry redirects too often.")
        return response

    def _get_token(self, url: str, authorization: str) -> bytes:
        headers = {"Authorization": authorization} if authorization else {}
        response = self._send("GET", url, headers=headers)
        if response.status != OK:
            response.close()
            raise ContentError(REFUSED)
        return b"".join(body_of(response, length_of(response, most=SMALL_BODY)))

    def _send(
        self,
        method: str,
        url: str,
        *,
        body: Callable[[], Iterator[bytes]] | None = None,
        headers: Mapping[str, str] | None = None,
        patience: float | None = None,
    ) -> BaseHTTPResponse:
        patience = IDLE_SECONDS if patience is None else patience
        # A connection that was kept may turn out to be closed: what does nothing twice, again.
        for last in (body is not None, True):
            try:
                return self._manager.request(
                    method,
                    url,
                    body=_in_time(body(), patience) if body is not None else None,
                    headers={"Accept-Encoding": "identity", **(headers or {})},
                    # urllib3 sends with the patience for connecting when the connection is new.
                    timeout=Timeout(connect=patience if body else CONNECT_SECONDS, read=patience),
                    preload_content=False,
                    redirect=False,
                    retries=False,
                )
            except ProtocolError as error:
                if last:
                    raise failure(UNREACHABLE, method, url, error) from error
            except (HTTPError, ValueError) as error:
                raise failure(UNREACHABLE, method, url, error) from error
        raise AssertionError  # the second attempt is the last


def _in_time(body: Iterator[bytes], seconds: float) -> Iterator[bytes]:
    """Give a body out no longer than that: what takes a little at a time never idles."""
    deadline = time.monotonic() + seconds
    for chunk in body:
        if time.monotonic() > deadline:
            raise ContentError("The backing registry takes the bytes too slowly.")
        yield chunk


def length_of(response: BaseHTTPResponse, *, most: int | None = None) -> int:
    """
    Return how many bytes the answer's body is said to have.

    :raises ContentError: it does not say, or more than ``most``
    """
    text = response.headers.get("Content-Length", "")
    # Of both headers this is the one that counts (RFC 9112 section 6.3), and it names no length.
    is_length = LENGTH.fullmatch(text) and "Transfer-Encoding" not in response.headers
    if not is_length or (most is not None and int(text) > most):
        response.close()
        raise ContentError("The backing registry does not say how many bytes it sends.")
    return int(text)


def body_of(response: BaseHTTPResponse, size: int) -> Iterator[bytes]:
    """
    Read a body of so many bytes, as they come.

    :raises ContentError: it breaks off, or comes too slowly
    """
    deadline = time.monotonic() + patience_for(size)
    left = size
    try:
        while left:
            data = response.read1(min(CHUNK, left), decode_content=False)
            if not data or time.monotonic() > deadline:
                raise ContentError("The backing registry stops in the middle of the bytes.")
            left -= len(data)
            yield data
        response.drain_conn()  # nothing is left; this gives the connection back
    except HTTPError as error:
        message = "The backing registry breaks off in the middle of the bytes."
        raise failure(message, "GET", response.url or "", error) from error
    finally:
        if left:
            response.close()


def finish(response: BaseHTTPResponse) -> None:
    """Be done with an answer, and keep its connection if there is little left to read."""
    try:
        for _ in body_of(response, length_of(response, most=SMALL_BODY)):
            pass
    except ContentError:
        response.close()


def patience_for(size: int) -> float:
    """Return how many seconds so many bytes may take."""
    return IDLE_SECONDS + size / SLOWEST


def failure(message: str, method: str, url: str, reason: object) -> ContentError:
    """Tell the operator what happened where, and make an error that tells it to everybody."""
    parts = urlsplit(url)
    log.warning("%s %s://%s%s: %s", method, parts.scheme, parts.hostname, parts.path, reason)
    return ContentError(message)
