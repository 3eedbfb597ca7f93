"""What the search for breaking bytes found stays judged, tried or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wasmhub.proxywasm.fuzz.targets import TARGETS

pytestmark = pytest.mark.single_setup

HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_is_taken_or_refused(name: str) -> None:
    corpus = [path.read_bytes() for path in sorted((HERE / name).iterdir())]

    taken = sum(TARGETS[name](each) for each in corpus)

    assert 0 < taken < len(corpus)
