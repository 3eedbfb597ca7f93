"""Content digests: `algorithm:hex` (OCI image-spec, descriptor.md, Digests)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wasmhub.oci.errors import InvalidDigestError

if TYPE_CHECKING:
    from hashlib import _Hash

_HEX_LENGTHS: Final = {"sha256": 64, "sha512": 128}
_HEX: Final = re.compile(r"[0-9a-f]{64}(?:[0-9a-f]{64})?")
_RULE: Final = "a digest is sha256: with 64 or sha512: with 128 lower-case hexadecimal digits"


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """Name bytes by their hash; an existing Digest is always well-formed."""

    algorithm: str
    hex: str

    def __post_init__(self) -> None:
        expected = _HEX_LENGTHS.get(self.algorithm)
        if len(self.hex) != expected or not _HEX.fullmatch(self.hex):
            raise InvalidDigestError(f"This is no digest: {_RULE}.")

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read `sha256:…` or `sha512:…`, or raise InvalidDigestError."""
        algorithm, _, value = text.partition(":")
        return cls(algorithm, value)

    def new_hash(self) -> _Hash:
        """Start an empty hash of this digest's algorithm, to check a stream of bytes with."""
        return hashlib.new(self.algorithm)

    def matches(self, data: bytes) -> bool:
        """Tell whether these bytes are the ones this digest names."""
        return hashlib.new(self.algorithm, data).hexdigest() == self.hex


def sha256_of(data: bytes) -> Digest:
    """Compute the sha256 digest of bytes."""
    return Digest("sha256", hashlib.sha256(data).hexdigest())
