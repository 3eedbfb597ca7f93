"""What the search for breaking bytes found stays read or refused."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from wasmhub.module import ModuleError, read_module, types_of

pytestmark = pytest.mark.single_setup

PREAMBLE = b"\0asm\x01\0\0\0"
CORPUS = sorted((Path(__file__).resolve().parent / "corpus").iterdir())


def test_the_corpus_is_read_or_refused() -> None:
    read = 0
    for path in CORPUS:
        data = PREAMBLE + path.read_bytes()
        with suppress(ModuleError):
            read_module(data)
            list(types_of(data))
            read += 1

    assert 0 < read < len(CORPUS)
