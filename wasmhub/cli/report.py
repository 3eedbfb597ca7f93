"""What a command found out: for programs, for people, and as an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmhub.cli.screen import Screen


@dataclass(frozen=True, slots=True)
class Report:
    """One answer; only one of its forms is written."""

    document: Any
    show: Callable[[Screen], None]
    status: int
