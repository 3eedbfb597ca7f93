"""Unpack gzip in bounded memory, giving up early on bombs."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from wasmhub.oci.errors import ImageError
from wasmhub.oci.sniff import refuse_other_content

if TYPE_CHECKING:
    from wasmhub.oci.tar_members import ByteSource

MAX_UNPACKED: Final = 256 * 1024 * 1024
RATIO_FREE: Final = 64 * 1024 * 1024  # padded archives of small plugins compress very well
MAX_RATIO: Final = 200
_MAGIC: Final = b"\x1f\x8b"
_CHUNK: Final = 64 * 1024
_GZIP_ONLY: Final = 16 + zlib.MAX_WBITS


class Gunzip:
    """Read the unpacked bytes of a gzip stream of one or more members (RFC 1952 §2.2)."""

    def __init__(self, stream: ByteSource) -> None:
        self._stream = stream
        self._member = zlib.decompressobj(_GZIP_ONLY)
        self._packed = b""
        self._unpacked = bytearray()
        self._bytes_in = 0
        self._bytes_out = 0

    def read(self, size: int, /) -> bytes:
        """Return `size` bytes, fewer only at the end; ImageError when the stream is unsound."""
        while len(self._unpacked) < size and self._fill():
            pass
        data = bytes(self._unpacked[:size])
        del self._unpacked[:size]
        return data

    def _fill(self) -> bool:
        """Unpack one more piece; False at the end of the stream."""
        if not self._packed:
            self._packed = self._stream.read(_CHUNK)
            self._bytes_in += len(self._packed)
        at_end = not self._packed
        if self._member.eof:
            if at_end:
                return False
            self._member = zlib.decompressobj(_GZIP_ONLY)
        piece = self._unpack_some()
        if at_end and not piece and not self._member.eof:
            raise ImageError(
                "image/bad-archive", "The layer's gzip stream is cut off; push it again."
            )
        self._unpacked += piece
        return True

    def _unpack_some(self) -> bytes:
        try:
            piece = self._member.decompress(self._packed, _CHUNK)
        except zlib.error:
            if not self._bytes_out and not self._packed.startswith(_MAGIC):
                refuse_other_content(self._packed, "a gzipped tar archive")
            raise ImageError(
                "image/bad-archive",
                "The layer is no sound gzip stream, or other bytes follow its end; pack it again.",
            ) from None
        self._packed = self._member.unconsumed_tail or self._member.unused_data
        self._bytes_out += len(piece)
        ratio_is_absurd = self._bytes_out > MAX_RATIO * self._bytes_in
        if self._bytes_out > MAX_UNPACKED or (self._bytes_out > RATIO_FREE and ratio_is_absurd):
            raise ImageError(
                "image/too-large",
                "The layer unpacks to more than 256 MiB, or to more than 200 times its size; "
                "put only plugin.wasm into it.",
            )
        return piece
