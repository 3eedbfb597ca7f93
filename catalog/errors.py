"""Refusals of the catalog that programs tell apart by their own codes."""

from __future__ import annotations

from core.errors import NotAllowedError


class ReleaseKeptError(NotAllowedError):
    """A release that passed stays: others may rely on it."""

    code = "release-kept"


class QuotaExceededError(NotAllowedError):
    """The namespace holds as much as its rules let it."""

    code = "quota-exceeded"
