"""What the first start makes: the data folder, and a secret key for the embedded default."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from collections.abc import Iterable

PLACEHOLDERS = ("changeme", "change-me", "secret", "placeholder", "django-insecure", "example")
SHORTEST_KEY = 32


def is_loopback(origin: str) -> bool:
    """Test that an origin, or none, is for this machine only."""
    return not origin or urlsplit(origin).hostname in {"127.0.0.1", "localhost", "::1"}


def secret_key(configured: str, *, data_dir: Path | None) -> str:
    """
    Return the configured key, or the one kept in the data folder, made when there is none.

    ``data_dir`` is None in production, where a missing or placeholder key stops the start.
    """
    if configured:
        if len(configured) < SHORTEST_KEY or configured.lower().startswith(PLACEHOLDERS):
            raise ImproperlyConfigured(
                "HUB_SECRET_KEY is a placeholder or shorter than 32 characters. Make one with: "
                "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        return configured
    if data_dir is None:
        raise ImproperlyConfigured(
            "Set HUB_SECRET_KEY: with HUB_DATABASE_URL, or a HUB_PUBLIC_ORIGIN that is not "
            "loopback, the hub does not make one by itself."
        )
    return _kept_key(data_dir / "secret_key")


def make_folders(data_dir: Path, names: Iterable[str]) -> None:
    """Make the folders below the data folder that processes expect to be there."""
    for name in names:
        (data_dir / name).mkdir(parents=True, exist_ok=True)


def _kept_key(path: Path) -> str:
    """Read the key, or make it; of two processes that start at once the first one wins."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".secret_key-")
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            Path(temporary).unlink()
    return path.read_text().strip()
