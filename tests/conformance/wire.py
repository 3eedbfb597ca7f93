"""A repository of a running hub over HTTP, and bare connections where the framing matters."""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from types import TracebackType
from typing import Any, Self

import httpx

from tests.live import Hub
from tests.registry.driving import OCI_MANIFEST, basic

ALGORITHMS = ("sha256", "sha512")
ACTIONS = "pull,push,delete"
TOKEN_KEPT_SECONDS = 60  # of the 300 that it lives
# What takes a client its time is to load certificates, and nothing here speaks TLS.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


def send(
    hub: Hub, method: str, path: str, *, token: str = "", headers: dict[str, str] | None = None
) -> httpx.Response:
    """Send a single request, with a registry token or without any."""
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    url, headers = hub.origin + path, bearer | (headers or {})
    return httpx.request(method, url, headers=headers, timeout=30, verify=NO_CERTIFICATES)


def token_answer(hub: Hub, who: str | None, *scopes: str) -> httpx.Response:
    """Ask for a token as clients do: with an access token as the password, or as nobody."""
    query = httpx.QueryParams([("service", hub.host), *(("scope", scope) for scope in scopes)])
    headers = basic(who, hub.tokens[who]) if who else {}
    return send(hub, "GET", f"/token?{query}", headers=headers)


def token_of(hub: Hub, who: str | None, *scopes: str) -> str:
    answer = token_answer(hub, who, *scopes)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


class Repo:
    """A repository, for somebody whose token was asked for all actions there."""

    def __init__(self, hub: Hub, path: str, *, who: str | None = "alice", also: str = "") -> None:
        self.hub = hub
        self.path = path
        self._pushed: set[str] = set()
        self._client = httpx.Client(base_url=hub.origin, timeout=30, verify=NO_CERTIFICATES)
        self._who = who
        self._scopes = (f"repository:{path}:{ACTIONS}", also)
        self._token, self._asked = "", 0.0

    @property
    def root(self) -> str:
        return f"/v2/{self.path}"

    @property
    def token(self) -> str:
        """Return a token that does not end during the next request."""
        if time.monotonic() - self._asked > TOKEN_KEPT_SECONDS or not self._token:
            self._token = token_of(self.hub, self._who, *self._scopes)
            self._asked = time.monotonic()
        return self._token

    def close(self) -> None:
        self._client.close()

    def __call__(
        self, method: str, target: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """Send a request; the target is a Location, or what comes behind the repository."""
        url = target if target.startswith("/") else f"{self.root}/{target}"
        bearer = {"Authorization": f"Bearer {self.token}"}
        return self._client.request(method, url, headers={**bearer, **(headers or {})}, **more)

    def begin(self) -> str:
        """Begin an upload and return where it is."""
        answer = self("POST", "blobs/uploads/")
        assert answer.status_code == 202, answer.text
        return answer.headers["location"]

    def push_blob(self, content: bytes, algorithm: str = "sha256") -> str:
        """Push a blob in one request and return its digest."""
        digest = digest_of(content, algorithm)
        answer = self("POST", f"blobs/uploads/?digest={digest}", content=content)
        assert answer.status_code == 201, answer.text
        return digest

    def push_blobs(self, contents: Iterable[bytes], algorithm: str = "sha256") -> None:
        """Push what this has not pushed before."""
        for content in contents:
            if digest_of(content, algorithm) not in self._pushed:
                self._pushed.add(self.push_blob(content, algorithm))

    def put_manifest(
        self, reference: str, content: bytes, media_type: str = OCI_MANIFEST
    ) -> httpx.Response:
        headers = {"Content-Type": media_type}
        return self("PUT", f"manifests/{reference}", content=content, headers=headers)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came over a bare connection."""

    status: int
    headers: Message
    body: bytes


class Connection:
    """A connection whose bytes the test writes itself."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._socket = socket.create_connection(("127.0.0.1", hub.port), timeout=20)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self._socket.close()

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def head(self, method: str, target: str, *lines: str, token: str = "") -> None:
        """Send a request's head with these header lines, and nothing that they do not say."""
        bearer = [f"Authorization: Bearer {token}"] if token else []
        start = [f"{method} {target} HTTP/1.1", f"Host: {self._hub.host}"]
        self.send("\r\n".join([*start, *bearer, *lines, "", ""]).encode("latin-1"))

    def read(self, *, method: str = "GET") -> Answer:
        """Read one answer to a request by this method."""
        status = int(self._file.readline().split()[1])
        headers = http.client.parse_headers(self._file)
        is_empty = method == "HEAD" or status < 200 or status in {204, 304}
        body = b"" if is_empty else self._file.read(int(headers["Content-Length"]))
        return Answer(status, headers, body)

    def leave(self) -> None:
        """Go away in the middle, and wait until the server has taken notice."""
        self._socket.shutdown(socket.SHUT_WR)
        while self._file.read(4096):
            pass


def chunked(content: bytes, size: int = 7) -> Iterator[bytes]:
    """Frame a body as chunks whose parts arrive one by one; the last part is the end."""
    for start in range(0, len(content), size):
        chunk = content[start : start + size]
        yield f"{len(chunk):x}".encode()
        yield b"\r\n" + chunk + b"\r\n"
    yield b"0\r\n\r\n"
