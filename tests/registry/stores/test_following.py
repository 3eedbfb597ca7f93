"""Reading a file while somebody fills it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from core.content import ContentError
from registry.stores.following import Progress

pytestmark = pytest.mark.single_setup

CONTENT = b"0123456789" * 1000


@pytest.fixture
def progress() -> Progress:
    return Progress()


@pytest.fixture
def reader(progress: Progress, tmp_path: Path) -> Iterator[BinaryIO]:
    """Return a reader of a file that is all there, but was not found to be right so far."""
    path = tmp_path / "filling"
    path.write_bytes(CONTENT)
    with progress.start(len(CONTENT), path) as file:
        progress.advance(len(CONTENT))
        yield file


def test_the_last_byte_is_held_back_until_the_whole_is_right(
    progress: Progress, reader: BinaryIO
) -> None:
    given = reader.read(len(CONTENT) - 1)
    progress.end(ContentError("other bytes"))

    assert given == CONTENT[:-1]
    with pytest.raises(ContentError, match="other bytes"):
        reader.read(1)


def test_a_file_that_was_right_is_read_to_its_end(progress: Progress, reader: BinaryIO) -> None:
    given = reader.read(5000)
    progress.end()

    assert given + reader.read() == CONTENT
    assert reader.read(1) == b""


def test_who_does_not_get_on_is_given_up(
    progress: Progress, reader: BinaryIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.stores.following.PATIENCE_SECONDS", 0.05)

    with pytest.raises(ContentError, match="get on"):
        reader.read()
