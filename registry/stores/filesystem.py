"""
Content-addressed files below the data folder: ``blobs/sha256/ab/<hex>``.

Safe with many threads and processes: content appears by a rename only.
"""

from __future__ import annotations

import hashlib
import os
from typing import BinaryIO

from core.content import ContentError, DigestMismatchError, Kept
from registry.stores.staging import StagingStore, make_folder, place_of, sync


class FilesystemStore(StagingStore):
    """Keep bytes in files of the data folder."""

    guards = False

    def __init__(self) -> None:
        super().__init__()
        self._contents = self.folder / "sha256"
        make_folder(self._contents)

    def stat(self, sha256: str, *, fresh: bool = False) -> int | None:  # noqa: ARG002 - it always is
        """Return the size in bytes, or None when there is no such content."""
        try:
            return place_of(self._contents, sha256).stat().st_size
        except FileNotFoundError:
            return None

    def open(self, sha256: str, *, blake3: str = "") -> BinaryIO:  # noqa: ARG002 - of its own disk
        """Open the content. Raises ContentError when there is none."""
        try:
            return place_of(self._contents, sha256).open("rb")
        except FileNotFoundError as error:
            raise ContentError("The content store has lost these bytes.") from error

    def commit(self, upload: str, sha256: str) -> Kept:
        """
        Make the upload the content of the digest, durably.

        Raises DigestMismatchError, and keeps nothing, when the bytes on disk are others;
        UploadGoneError when there is no such upload.
        """
        place = place_of(self._contents, sha256)
        with self._locked(upload) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                self.abort(upload)
                raise DigestMismatchError("The bytes that arrived are not those of the digest.")
            size = file.tell()
            os.fsync(file.fileno())
            self._take(upload, place)
        sync(place.parent)
        sync(self._contents)
        return Kept(sha256, size)

    def delete(self, sha256: str) -> None:
        """Forget the content, if there is any."""
        place_of(self._contents, sha256).unlink(missing_ok=True)
