"""
Bytes in a backing OCI registry, and in files what was asked for last.

Everything goes to one repository there, by its sha256. Who may read what is decided here, in the
database: the backend's own users should be nobody but the hub. What it gives is hashed on the way
in, so a backend that loses, damages or swaps bytes is found out.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import getpid
from typing import TYPE_CHECKING

from django.conf import settings

from core.content import DigestMismatchError
from registry.stores.backend import Backend
from registry.stores.cache import Cache
from registry.stores.fetching import Fetcher
from registry.stores.staging import StagingStore

if TYPE_CHECKING:
    from typing import BinaryIO

    from core.content import Kept


@dataclass(frozen=True, slots=True)
class Parts:
    """What one process works with: connections, locks and threads stay behind when it forks."""

    backend: Backend
    cache: Cache
    fetcher: Fetcher


class UpstreamStore(StagingStore):
    """Keep bytes in the registry that the settings name."""

    guards = True

    def __init__(self) -> None:
        super().__init__()
        self._parts_of: dict[int, Parts] = {}
        self._parts()

    def _parts(self) -> Parts:
        parts = self._parts_of.get(getpid())
        if parts is None:
            backend = Backend(
                settings.REGISTRY_URL,
                username=settings.REGISTRY_USERNAME,
                password=settings.REGISTRY_PASSWORD,
            )
            cache = Cache(self.folder / "cache", settings.CACHE_BYTES)
            parts = Parts(backend, cache, Fetcher(cache, backend))
        # Of several threads that come first, one wins.
        return self._parts_of.setdefault(getpid(), parts)

    def stat(self, sha256: str, *, fresh: bool = False) -> int | None:
        """
        Return the size in bytes, or None when the backend does not hold the digest.

        A copy in the cache answers for the backend. ``fresh`` asks the backend itself: for those
        who are about to rely on what nothing links, and which another machine may have deleted.
        """
        size = None if fresh else self._parts().fetcher.size(sha256)
        return self._parts().backend.size(sha256) if size is None else size

    def open(self, sha256: str, *, blake3: str = "") -> BinaryIO:
        """Open the content. Raises ContentError when the backend does not give it."""
        return self._parts().fetcher.open(sha256, blake3=blake3)

    def commit(self, upload: str, sha256: str) -> Kept:
        """
        Make the upload the content of the digest.

        It is in the backend then, and in the cache. Raises DigestMismatchError, and keeps
        nothing, when the bytes on disk are others; UploadGoneError when there is no such upload;
        ContentError when the backend does not take it, and the upload is still there.
        """
        parts = self._parts()
        place = parts.cache.place(sha256)
        with self._locked(upload) as file:
            try:
                kept = parts.backend.push(sha256, file)
            except DigestMismatchError:
                self.abort(upload)
                raise
            self._take(upload, place)
            parts.cache.trust(sha256, file)
        return kept

    def delete(self, sha256: str) -> None:
        """Forget the content, if there is any. Raises ContentError when the backend does not."""
        parts = self._parts()
        # Nobody may be fetching it meanwhile, and put it back into the cache.
        with parts.cache.held(sha256):
            parts.backend.delete(sha256)
            parts.cache.drop(sha256)
