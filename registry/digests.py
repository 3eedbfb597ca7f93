"""Digests in requests: those by which the content store keeps bytes."""

from __future__ import annotations

from wasmhub.oci import Digest, InvalidDigestError


def stored_digest(text: str) -> Digest:
    """
    Read a digest by which the store can keep content.

    :raises InvalidDigestError: it is malformed, or its algorithm is not sha256
    """
    digest = Digest.parse(text)
    if digest.algorithm != "sha256":
        raise InvalidDigestError(
            f"This registry keeps content by sha256 only, not by {digest.algorithm}."
        )
    return digest
