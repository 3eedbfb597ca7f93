"""Tell what a layer's first bytes are when they are not what its media type says."""

from __future__ import annotations

from typing import Final

from wasmhub.oci.errors import ImageError

_BEGINNINGS: Final = {
    b"\0asm": "a bare Wasm file",
    b"\x1f\x8b": "a gzip stream",
    b"\x28\xb5\x2f\xfd": "a zstd stream (RFC 8878)",
    b"PK\x03\x04": "a zip archive",
}
_TAR_MAGIC: Final = slice(257, 262)


def refuse_other_content(head: bytes, declared: str) -> None:
    """Raise ImageError when the bytes are clearly of another kind than `declared`."""
    known = next((name for begin, name in _BEGINNINGS.items() if head.startswith(begin)), "")
    what = known or ("a bare tar archive" if head[_TAR_MAGIC] == b"ustar" else "")
    if what:
        raise ImageError(
            "image/wrong-media-type",
            f"The layer's media type promises {declared}, and its bytes are {what}; push it with "
            "bytes and media type that agree.",
        )
