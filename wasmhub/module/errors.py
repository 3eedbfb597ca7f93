"""What goes wrong while a binary is read."""

from __future__ import annotations


class ModuleError(ValueError):
    """
    Say in one sentence why bytes are no readable core module.

    ``where`` names the part at fault; ``truncated`` tells that the file ends inside it.
    """

    def __init__(self, message: str, *, where: str = "", truncated: bool = False) -> None:
        super().__init__(message)
        self.where = where
        self.truncated = truncated
