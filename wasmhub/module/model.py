"""What a core module says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["module", "component", "invalid"]
ExternKind = Literal["function", "table", "memory", "global", "tag"]


@dataclass(frozen=True, slots=True)
class FuncType:
    """Hold a function's parameter and result types, by their names in the text format."""

    params: tuple[str, ...] = ()
    results: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write it as ``(i32 i64) -> (i32)``."""
        return f"({' '.join(self.params)}) -> ({' '.join(self.results)})"


@dataclass(frozen=True, slots=True)
class Import:
    """
    Name one thing that the module needs from its host.

    ``type`` is a function's or tag's; ``?`` when newer than the reader, empty for other kinds.
    """

    module: str
    name: str
    kind: ExternKind
    type: str


@dataclass(frozen=True, slots=True)
class Export:
    """Name one thing that the module offers; ``type`` is as an import's."""

    name: str
    kind: ExternKind
    type: str


@dataclass(frozen=True, slots=True)
class CustomSection:
    """Place one custom section: its contents are ``data[offset:offset + size]``."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Producers:
    """Map the names that the ``producers`` section lists to their versions, which may be empty."""

    language: Mapping[str, str] = field(default_factory=dict)
    processed_by: Mapping[str, str] = field(default_factory=dict)
    sdk: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Module:
    """Hold what was read; ``functions`` counts those that the module itself defines."""

    imports: tuple[Import, ...]
    exports: tuple[Export, ...]
    functions: int
    start: int | None
    custom_sections: tuple[CustomSection, ...]
    producers: Producers
