"""Ask strangers' servers over HTTP: within limits of size and time, with no credentials astray."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin
from urllib.request import getproxies, proxy_bypass

from urllib3 import PoolManager, ProxyManager, Timeout
from urllib3.exceptions import HTTPError

from wasmhub.oci.errors import NotAllowedError, NotThereError, WebError
from wasmhub.oci.origins import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from urllib3 import BaseHTTPResponse

SMALL_BODY: Final = 8 * 1024 * 1024
_CHUNK: Final = 256 * 1024
_CONNECT_SECONDS: Final = 10.0
_IDLE_SECONDS: Final = 30.0
# What drips never idles: this slow, in bytes a second, is too slow.
_PATIENCE_SECONDS: Final = 60.0
_SLOWEST: Final = 50_000
_HOPS: Final = 5
_NOWHERE: Final = "The server redirects to what is no address: tell whoever runs it."
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY = 200, 401, 403, 404, 429


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an answer, and its body as it comes."""

    origin: Origin
    response: BaseHTTPResponse
    asked: float
    """When it was asked for, by the monotonic clock."""

    @property
    def status(self) -> int:
        """Return the status."""
        return self.response.status

    def header(self, name: str) -> str:
        """Return a header, empty when there is none."""
        return str(self.response.headers.get(name, ""))

    def chunks(self, most: int) -> Iterator[bytes]:
        """Yield the body; WebError when it has more than ``most`` bytes, or breaks off."""
        received = 0
        try:
            while data := self.response.read1(_CHUNK, decode_content=False):
                received += len(data)
                if received > most:
                    raise WebError(f"{self.origin} sends more than {most} bytes; that is refused.")
                patience = _PATIENCE_SECONDS + received / _SLOWEST
                if time.monotonic() - self.asked > patience:
                    raise WebError(f"{self.origin} sends too slowly: try again later.")
                yield data
        except (HTTPError, OSError) as error:
            raise WebError(f"{self.origin} broke off in the middle: try again.") from error

    def read(self, most: int = SMALL_BODY) -> bytes:
        """Return the whole body."""
        return b"".join(self.chunks(most))

    def document(self) -> Any:
        """Return the body as JSON."""
        try:
            return json.loads(self.read())
        except (ValueError, RecursionError) as error:
            raise WebError(f"{self.origin} answers with what is no JSON.") from error

    def expect_ok(self, what: str) -> None:
        """Raise what fits when the status is not 200; ``what`` is how the sentence names it."""
        status, origin = self.status, self.origin
        if status == _UNAUTHORIZED:
            raise NotAllowedError(
                f"{origin} has no {what} for everybody: check the name, or set WASMHUB_TOKEN to an "
                "access token that may read it."
            )
        if status == _FORBIDDEN:
            raise NotAllowedError(f"Your access token does not allow you {what} on {origin}.")
        if status == _NOT_FOUND:
            raise NotThereError(f"There is no {what} on {origin}: check the name and the version.")
        if status == _TOO_MANY:
            raise WebError(f"{origin} asks for a pause: try again in a minute.")
        if status != _OK:
            raise WebError(f"{origin} answers {status} for {what}: try again later.")


class Web:
    """Requests to several servers."""

    def __init__(self) -> None:
        self._managers: dict[str | None, PoolManager] = {}

    @contextmanager
    def get(self, url: str, *, accept: str = "*/*", authorization: str = "") -> Iterator[Answer]:
        """
        GET a URL, also where it says that the thing is elsewhere.

        Whoever else is asked gets no credentials, and never without TLS what is asked with it.
        """
        first = origin = _origin(url)
        asked = time.monotonic()
        for _ in range(_HOPS):
            headers = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": "wasmhub"}
            if authorization and origin == first:
                headers["Authorization"] = authorization
            response = self._send(url, headers, origin)
            try:
                if response.status not in _REDIRECTS:
                    yield Answer(origin, response, asked)
                    return
                url, origin = _redirected(url, response)
            finally:
                response.close()
            if origin.scheme == "http" and not (first.scheme == "http" and origin.is_loopback):
                raise WebError(f"{first} redirects to {origin}, which has no TLS; that is refused.")
        raise WebError(f"{first} redirects again and again: tell whoever runs it.")

    def _manager(self, origin: Origin) -> PoolManager:
        proxy = _proxy_for(origin)
        if proxy not in self._managers:
            self._managers[proxy] = (
                ProxyManager(proxy, blocksize=_CHUNK) if proxy else PoolManager(blocksize=_CHUNK)
            )
        return self._managers[proxy]

    def _send(self, url: str, headers: dict[str, str], origin: Origin) -> BaseHTTPResponse:
        try:
            return self._manager(origin).request(
                "GET",
                url,
                headers=headers,
                timeout=Timeout(connect=_CONNECT_SECONDS, read=_IDLE_SECONDS),
                preload_content=False,
                redirect=False,
                retries=False,
            )
        except (HTTPError, OSError, ValueError) as error:
            raise WebError(
                f"{origin} does not answer: check the address and the network ({_why(error)})."
            ) from error


def _proxy_for(origin: Origin) -> str | None:
    """Return the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name; None for this machine."""
    if origin.is_loopback or proxy_bypass(f"{origin.host}:{origin.port}"):
        return None
    return getproxies().get(origin.scheme)


def _redirected(url: str, response: BaseHTTPResponse) -> tuple[str, Origin]:
    try:
        further = urljoin(url, response.headers.get("Location", ""))
    except ValueError as error:
        raise WebError(_NOWHERE) from error
    return further, _origin(further)


def _origin(url: str) -> Origin:
    origin = Origin.of(url)
    if origin is None:
        raise WebError(_NOWHERE)
    return origin


def _why(error: Exception) -> str:
    """Return the kind of a failure in words: urllib3's own texts are for programmers."""
    name = type(getattr(error, "reason", None) or error).__name__
    words = {
        "NewConnectionError": "no connection",
        "ConnectTimeoutError": "no connection in time",
        "ReadTimeoutError": "no answer in time",
        "NameResolutionError": "unknown host",
        "SSLError": "its TLS certificate is not trusted",
        "ProxyError": "the proxy does not help",
        "ProtocolError": "not an HTTP server, or it hung up",
    }
    return words.get(name, name)
