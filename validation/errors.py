"""What can go wrong when somebody tries a module."""

from __future__ import annotations

from core.errors import HubError


class BusyError(HubError):
    """More is being tried than this machine has room for."""

    code = "too-many"
    status = 429
