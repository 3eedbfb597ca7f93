"""What a core module says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["module", "component", "invalid"]
PAGE_BYTES: Final = 64 * 1024
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
class Memory:
    """Say how large a memory is, in pages of ``page_bytes``; wide ones have 64-bit addresses."""

    minimum: int
    maximum: int | None = None
    is_wide: bool = False
    is_shared: bool = False
    imported: bool = False
    page_bytes: int = PAGE_BYTES


@dataclass(frozen=True, slots=True)
class Table:
    """Say how large a table is, in elements of ``type``."""

    type: str
    minimum: int
    maximum: int | None = None
    is_wide: bool = False
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Global:
    """Hold a global's type."""

    type: str
    mutable: bool = False
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Place one section: its payload is ``data[start:end]``; ``number`` 0 means custom."""

    number: int
    where: str
    start: int
    end: int

    @property
    def size(self) -> int:
        """Return how many bytes its payload takes."""
        return self.end - self.start


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
    """
    Hold what was read; ``functions`` counts those that the module itself defines.

    ``tables``, ``memories``, ``globals`` and ``tags`` have the imported ones first, as their
    indices do. ``types``, ``elements`` and ``data_segments`` are counts, ``largest_body`` is in
    bytes. ``sections`` are in file order, the custom ones too. ``data_count`` is what the section
    of that name announces. ``unread`` names sections that hold forms newer than the reader: what
    is said of them is incomplete.

    ``shown_features`` are proven by the sections (``features.Evidence`` says how),
    ``declared_features`` are what compilers were allowed to use.
    """

    imports: tuple[Import, ...]
    exports: tuple[Export, ...]
    functions: int
    start: int | None
    custom_sections: tuple[CustomSection, ...]
    producers: Producers
    sections: tuple[Section, ...] = ()
    types: int = 0
    tables: tuple[Table, ...] = ()
    memories: tuple[Memory, ...] = ()
    globals: tuple[Global, ...] = ()
    tags: tuple[str, ...] = ()
    elements: int = 0
    data_count: int | None = None
    data_segments: int = 0
    largest_body: int = 0
    name: str | None = None
    source_map: str | None = None
    needed_libraries: tuple[str, ...] = ()
    shown_features: tuple[str, ...] = ()
    declared_features: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """Return what is shown or declared, in the order of the names."""
        return tuple(sorted({*self.shown_features, *self.declared_features}))
