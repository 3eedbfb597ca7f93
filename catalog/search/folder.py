"""
The index on disk: ``search/<generation>-<id>/`` and a pointer to the one in use.

The pointer is swapped by a rename, so ``reindex`` builds a new index beside the old one.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

import tantivy
from django.conf import settings

from catalog.search.schema import GENERATION, register_tokenizers, schema


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far an index has followed the changes; see ``SearchChange``."""

    transaction: int = -1
    change: int = 0


def root() -> Path:
    """Return the folder of this data folder's indexes."""
    return Path(settings.DATA_DIR) / "search"


def current() -> Path | None:
    """Return the folder of the index in use; None when there is none of this generation."""
    try:
        name = (root() / "current").read_text().strip()
    except FileNotFoundError:
        return None
    folder = root() / Path(name).name
    return folder if name.startswith(f"{GENERATION}-") and folder.is_dir() else None


def new() -> Path:
    """Make an empty folder for an index that nobody uses yet."""
    folder = root() / f"{GENERATION}-{uuid.uuid4().hex[:12]}"
    folder.mkdir(parents=True)
    return folder


def use(folder: Path) -> None:
    """Point every process at the folder, and remove those that nobody points at any more."""
    _write(root() / "current", folder.name)
    for other in root().iterdir():
        if other.is_dir() and other != folder:
            shutil.rmtree(other, ignore_errors=True)


def open_index(folder: Path) -> tantivy.Index:
    """Open the index in the folder, made if it is empty."""
    index = tantivy.Index(schema(), path=str(folder))
    register_tokenizers(index)
    return index


def read_position(folder: Path) -> Position:
    """Return how far the index has followed; the very beginning when nothing says."""
    try:
        return Position(**json.loads((folder / "position.json").read_text()))
    except FileNotFoundError:
        return Position()


def write_position(folder: Path, position: Position) -> None:
    """Note how far the index has followed, after its commit: doing a change twice is harmless."""
    document = {"transaction": position.transaction, "change": position.change}
    _write(folder / "position.json", json.dumps(document))


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}-{os.getpid()}-{uuid.uuid4().hex[:8]}")
    temporary.write_text(text)
    temporary.replace(path)
