"""What the search for breaking images found stays examined or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wasmhub.oci.fuzz.targets import doctor

pytestmark = pytest.mark.single_setup

CORPUS = sorted((Path(__file__).resolve().parent / "corpus").iterdir())


def test_the_corpus_is_examined() -> None:
    for path in CORPUS:
        doctor(path.read_bytes())

    assert len(CORPUS) > 10
