"""The folder of compiled modules: children of this process write to it, and this makes room."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core.cache import cache

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES: Final = 1024**3
LOW_BYTES: Final = MOST_BYTES * 4 // 5
EVERY_SECONDS: Final = 60.0
FORGOTTEN_AFTER: Final = 600  # seconds; machines are faster at other times
_looked = 0.0


def folder() -> Path:
    """Return where compiled modules are kept."""
    return settings.DATA_DIR / "compiled"


def note_heavy(hashes: list[str]) -> None:
    """Remember of a trial that was cut short which module was being compiled then, if any was."""
    for sha256 in hashes:  # compiled one after the other
        if next(folder().glob(f"{sha256}-*"), None) is None:
            cache.set(f"heavy:{sha256}", 1, FORGOTTEN_AFTER)
            return


def is_heavy(sha256: str) -> bool:
    """Tell whether compiling it was cut short a while ago."""
    return cache.get(f"heavy:{sha256}") is not None


def make_room() -> None:
    """Delete what was compiled longest ago when there is too much; looks once a minute."""
    global _looked  # noqa: PLW0603 - of this process
    if time.monotonic() - _looked < EVERY_SECONDS:
        return
    _looked = time.monotonic()
    files = []
    with suppress(FileNotFoundError):
        for path in folder().iterdir():
            with suppress(FileNotFoundError):
                status = path.stat()
                files.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files) if total > MOST_BYTES else ():
        if total <= LOW_BYTES:
            break
        path.unlink(missing_ok=True)
        total -= size
