"""Findings: checked statements about a module, each with its page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOWN: Final = 120
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e]")


class Severity(StrEnum):
    """How bad a finding is; an error fails the verdict."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One checked statement: what is wrong and what to do about it."""

    id: str
    severity: Severity
    message: str
    where: str = "the module"

    @property
    def help(self) -> str:
        """Return the path of the page that explains the finding."""
        return f"/docs/findings/{self.id}"

    def as_json(self) -> dict[str, str]:
        """Return the fixed shape."""
        return {
            "id": self.id,
            "severity": self.severity.value,
            "message": self.message,
            "where": self.where,
            "help": self.help,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Finding:
        """Read the fixed shape back."""
        severity = Severity(document["severity"])
        return cls(document["id"], severity, document["message"], document["where"])


def shown(name: str) -> str:
    """Return a stranger's name fit for a sentence: printable, short, in quotation marks."""
    printable = _UNPRINTABLE.sub("·", name)
    return f"“{printable if len(printable) <= SHOWN else printable[:SHOWN] + '…'}”"
