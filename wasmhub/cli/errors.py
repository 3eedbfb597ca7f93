"""What ends a command early, and the exit codes."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
NO: Final = 1
WRONG_USAGE: Final = 2
FAILED: Final = 3
NOT_ALLOWED: Final = 4


class UsageError(Exception):
    """The command cannot do what it was asked; the text is a sentence that says what to do."""
