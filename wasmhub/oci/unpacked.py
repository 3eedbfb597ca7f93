"""The bytes of an unpacked archive: given in order, counted and hashed on the way."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from wasmhub.oci.digests import Digest
from wasmhub.oci.errors import ImageError
from wasmhub.oci.gunzip import MAX_UNPACKED
from wasmhub.oci.sniff import refuse_other_content

if TYPE_CHECKING:
    from wasmhub.oci.tar_members import ByteSource

_HEAD: Final = 512


class Plain:
    """Read an archive that is not compressed; what its media type says is held to."""

    def __init__(self, stream: ByteSource) -> None:
        self._stream = stream
        self._bytes_out = 0

    def read(self, size: int, /) -> bytes:
        """Return `size` bytes, fewer only at the end; ImageError for more than 256 MiB."""
        data = bytearray()
        while len(data) < size and (piece := self._stream.read(size - len(data))):
            data += piece
        if not self._bytes_out and data[257:262] != b"ustar":
            refuse_other_content(bytes(data[:_HEAD]), "a tar archive that is not compressed")
        self._bytes_out += len(data)
        if self._bytes_out > MAX_UNPACKED:
            raise ImageError(
                "image/too-large", "The layer has more than 256 MiB; put only plugin.wasm into it."
            )
        return bytes(data)


class Hashed:
    """Hash what a source gives: once all is read, `digest()` is the layer's diff id."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._hash = hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        """Return what the source returns."""
        data = self._source.read(size)
        self._hash.update(data)
        return data

    def digest(self) -> Digest:
        """Return the sha256 of all bytes so far."""
        return Digest("sha256", self._hash.hexdigest())
