"""The backing registry as a shelf: blobs by sha256 in one repository (OCI distribution 1.1)."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urljoin, urlsplit

from blake3 import blake3
from django.core.exceptions import ImproperlyConfigured

from core.content import ContentError, DigestMismatchError, Kept
from registry.stores.connection import (
    CHUNK,
    OK,
    Connection,
    body_of,
    failure,
    finish,
    length_of,
    patience_for,
)
from wasmhub.oci.origins import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from urllib3 import BaseHTTPResponse

REPOSITORY = "wasmhub/content"
PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
NAME = re.compile(rf"{PART}(?:/{PART})*")
CREATED, ACCEPTED, NOT_FOUND, NOT_ALLOWED = 201, 202, 404, 405
DELETED = {200, 202, 204}


@dataclass(frozen=True, slots=True)
class Arriving:
    """A content on its way here: how many bytes it has, and these as they come."""

    size: int
    chunks: Iterator[bytes]


class Backend:
    """Blobs in the repository that ``url`` names; without a path, in one of our own name."""

    def __init__(self, url: str, *, username: str, password: str) -> None:
        origin, repository = _place(url)
        self._connection = Connection(origin, repository, username=username, password=password)

    def size(self, sha256: str) -> int | None:
        """Return how many bytes the blob has, or None when there is none."""
        response = self._connection.look("HEAD", _blob(sha256))
        response.drain_conn()  # a HEAD has no body; this gives the connection back
        if response.status == NOT_FOUND:
            return None
        if response.status != OK:
            raise _unexpected("HEAD", sha256, response)
        return length_of(response)

    def read(self, sha256: str) -> Arriving:
        """Ask for the bytes. They are whatever the backend sends: the caller hashes them."""
        response = self._connection.look("GET", _blob(sha256))
        if response.status == NOT_FOUND:
            finish(response)
            raise ContentError("The backing registry has lost these bytes.")
        if response.status != OK:
            raise _unexpected("GET", sha256, response)
        size = length_of(response)
        return Arriving(size, body_of(response, size))

    def push(self, sha256: str, file: BinaryIO) -> Kept:
        """
        Let the backend keep a file, and return once it says that it does.

        Hashes the bytes on their way, and never sends the last ones of others.

        :raises DigestMismatchError: the file has other bytes
        :raises ContentError: the backend does not take them
        """
        size = file.seek(0, os.SEEK_END)
        # A little is sent as quickly as it is asked for.
        body = Hashed(file, sha256)
        if size > CHUNK and self.size(sha256) == size:
            for _ in body:
                pass
            return Kept(sha256, size, body.blake3)
        started = self._connection.ask("POST", "blobs/uploads/")
        if started.status != ACCEPTED or "Location" not in started.headers:
            raise _unexpected("POST", sha256, started)
        finish(started)
        session = urljoin("blobs/uploads/", started.headers["Location"])
        try:
            answer = self._connection.ask(
                "PUT",
                f"{session}{'&' if urlsplit(session).query else '?'}digest=sha256:{sha256}",
                body=lambda: iter(body),
                headers={"Content-Length": str(size), "Content-Type": "application/octet-stream"},
                patience=patience_for(size),
            )
        except DigestMismatchError:
            self._cancel(session)
            raise
        if answer.status != CREATED:
            raise _unexpected("PUT", sha256, answer)
        finish(answer)
        if self.size(sha256) != size:
            raise ContentError("The backing registry does not keep what it took.")
        return Kept(sha256, size, body.blake3)

    def delete(self, sha256: str) -> None:
        """
        Delete the blob, if there is one.

        :raises ContentError: the backend does not do that
        """
        response = self._connection.ask("DELETE", _blob(sha256))
        finish(response)
        if response.status == NOT_ALLOWED:
            raise ContentError(
                "The backing registry does not delete: its operator has to enable deletes "
                "(storage.delete.enabled in distribution's configuration)."
            )
        if response.status not in DELETED | {NOT_FOUND}:
            raise _unexpected("DELETE", sha256, response)

    def _cancel(self, session: str) -> None:
        """Free what an upload holds; a backend that cannot be told forgets it in time."""
        try:
            finish(self._connection.ask("DELETE", session))
        except ContentError:
            return


class Hashed:
    """A file in chunks, the last one only when the whole has the digest; ``blake3`` after that."""

    def __init__(self, file: BinaryIO, sha256: str) -> None:
        self._file = file
        self._sha256 = sha256
        self.blake3 = ""

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(0)
        digest, second = hashlib.sha256(), blake3()
        held = b""
        while chunk := self._file.read(CHUNK):
            if held:
                yield held
            digest.update(chunk)
            second.update(chunk)
            held = chunk
        if digest.hexdigest() != self._sha256:
            raise DigestMismatchError("The bytes that arrived are not those of the digest.")
        self.blake3 = second.hexdigest()
        yield held


def _place(url: str) -> tuple[Origin, str]:
    origin, parts = Origin.of(url), urlsplit(url)
    repository = parts.path.strip("/") or REPOSITORY
    if origin is None or "@" in parts.netloc or parts.query or not NAME.fullmatch(repository):
        raise ImproperlyConfigured(
            "HUB_REGISTRY_URL is http(s)://<host>[:<port>][/<repository>]; who the hub is there "
            "belongs into HUB_REGISTRY_USERNAME and HUB_REGISTRY_PASSWORD."
        )
    return origin, repository


def _blob(sha256: str) -> str:
    return f"blobs/sha256:{sha256}"


def _unexpected(method: str, sha256: str, response: BaseHTTPResponse) -> ContentError:
    """Make the error for an answer that says no."""
    response.close()
    message = f"The backing registry answers {response.status}."
    return failure(message, method, response.url or "", f"{response.status} for sha256:{sha256}")
