"""What was compiled for trials: room is made, and what cannot be compiled is not tried again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from validation import compiled


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(compiled, "folder", lambda: tmp_path)
    monkeypatch.setattr(compiled, "_looked", float("-inf"))
    return tmp_path


def test_what_was_compiled_longest_ago_goes_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "MOST_BYTES", 100)
    monkeypatch.setattr(compiled, "LOW_BYTES", 60)
    for number in range(5):
        file = folder / f"{number}-x.cwasm"
        file.write_bytes(bytes(30))
        os.utime(file, (number, number))

    compiled.make_room()
    assert sorted(each.name[0] for each in folder.iterdir()) == ["3", "4"]

    (folder / "5-x.cwasm").write_bytes(bytes(300))
    compiled.make_room()
    assert len(list(folder.iterdir())) == 3, "it looks once a minute"


def test_no_folder_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "folder", lambda: Path("/nonexistent"))

    compiled.make_room()
    compiled.note_heavy(["ab" * 32])

    assert compiled.is_heavy("ab" * 32)


def test_only_what_was_being_compiled_is_heavy(folder: Path) -> None:
    done, under_way, waiting = ("01" * 32, "02" * 32, "03" * 32)
    (folder / f"{done}-x.cwasm").touch()

    compiled.note_heavy([done, under_way, waiting])

    assert [compiled.is_heavy(each) for each in (done, under_way, waiting)] == [False, True, False]
