"""Blobs that come from strangers: kept in a temporary file, and held to their digests."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, BinaryIO, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wasmhub.oci.digests import Digest

BLOB_MAX: Final = 256 * 1024 * 1024
"""What one blob may have: the most that the hub takes."""
_IN_MEMORY: Final = 4 * 1024 * 1024


class DamagedError(Exception):
    """A blob holds other bytes than its digest names; the text is a sentence."""


def keep_checked(digest: Digest, chunks: Iterable[bytes]) -> BinaryIO:
    """Return a file with these bytes, from its start; DamagedError when they are not the named."""
    # The caller closes it; nothing else can.
    file = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
    try:
        _copy(digest, chunks, file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _copy(digest: Digest, chunks: Iterable[bytes], file: BinaryIO) -> None:
    content, size = digest.new_hash(), 0
    for chunk in chunks:
        size += len(chunk)
        if size > BLOB_MAX:
            raise DamagedError(f"The blob {digest} has more than {BLOB_MAX} bytes.")
        content.update(chunk)
        file.write(chunk)
    if content.hexdigest() != digest.hex:
        raise DamagedError(f"The blob {digest} holds other bytes than its digest names.")
