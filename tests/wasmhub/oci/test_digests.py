from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmhub.oci import Digest, InvalidDigestError, sha256_of

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize("text", [f"sha256:{HEX}", f"sha512:{HEX}{HEX}"])
def test_both_algorithms_are_read_and_written(text: str) -> None:
    assert str(Digest.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        HEX,
        "sha256",
        "sha256:",
        f"sha256:{HEX[:-1]}",
        f"sha256:{HEX}0",
        f"sha256:{HEX}{HEX}",
        f"sha512:{HEX}",
        f"sha256:{HEX.upper()}",
        f"SHA256:{HEX}",
        f"md5:{HEX[:32]}",
        f"sha256:{HEX}\n",
        f"sha256:{HEX[:-1]}g",
        f"sha256:sha256:{HEX}",
        f"sha256:{'٣' * 64}",
        "sha256:" + "a" * 100_000,
    ],
)
def test_anything_else_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(InvalidDigestError, match=r"sha256: with 64 or sha512: with 128"):
        Digest.parse(text)


@given(st.text(max_size=80))
def test_no_text_makes_another_error(text: str) -> None:
    try:
        digest = Digest.parse(text)
    except InvalidDigestError:
        return

    assert str(digest) == text


@given(st.binary(max_size=200))
def test_bytes_match_their_digest_only(data: bytes) -> None:
    digest = sha256_of(data)

    assert digest.hex == hashlib.sha256(data).hexdigest()
    assert digest.matches(data)
    assert not digest.matches(data + b"x")


def test_a_stream_is_hashed_with_the_digests_own_algorithm() -> None:
    digest = Digest("sha512", hashlib.sha512(b"ab").hexdigest())

    hasher = digest.new_hash()
    hasher.update(b"a")
    hasher.update(b"b")

    assert hasher.hexdigest() == digest.hex
