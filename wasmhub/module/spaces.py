"""Tables, memories, globals and tags: imported ones first, as their indices count (spec 5.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.module.errors import ModuleError
from wasmhub.module.model import PAGE_BYTES, Global, Memory, Table
from wasmhub.module.types import UnknownFormError, require_done, value_type

if TYPE_CHECKING:
    from wasmhub.module.constants import Constants
    from wasmhub.module.cursor import Cursor
    from wasmhub.module.features import Evidence
    from wasmhub.module.types import TypeTable

# The limits that the WebAssembly JavaScript interface sets on engines, V8 among them.
TABLES_MAX: Final = 100_000
MEMORIES_MAX: Final = 100
GLOBALS_MAX: Final = 1_000_000
TAGS_MAX: Final = 1_000_000
_HAS_MAXIMUM, _SHARED, _WIDE, _HAS_PAGE_SIZE, _LIMIT_FLAGS = 1, 2, 4, 8, 16
_WITH_INITIAL_VALUE: Final = 0x40  # how a table begins that brings an expression
_PAGE_SIZE_MAX: Final = 64  # as a power of two; the format has no larger addresses


class IndexSpaces:
    """Collect what imports and sections add to the index spaces other than functions."""

    def __init__(self, types: TypeTable, constants: Constants, evidence: Evidence) -> None:
        self.tables: list[Table] = []
        self.memories: list[Memory] = []
        self.globals: list[Global] = []
        self.tags: list[str] = []
        self._types = types
        self._constants = constants
        self._evidence = evidence
        self._kept: dict[tuple[str, bool], Global] = {}

    def read_tables(self, cursor: Cursor) -> None:
        """Read the table section."""
        for _ in range(cursor.count(TABLES_MAX, "tables")):
            has_value = cursor.peek() == _WITH_INITIAL_VALUE
            if has_value:
                cursor.byte()
                if cursor.byte():
                    raise UnknownFormError
                self._evidence.add("function-references")
            self.add_table(cursor, imported=False)
            if has_value:
                self._constants.skip(cursor)
        require_done(cursor)

    def read_memories(self, cursor: Cursor) -> None:
        """Read the memory section."""
        for _ in range(cursor.count(MEMORIES_MAX, "memories")):
            self.add_memory(cursor, imported=False)
        require_done(cursor)

    def read_globals(self, cursor: Cursor) -> None:
        """Read the global section."""
        for _ in range(cursor.count(GLOBALS_MAX, "globals")):
            type_, mutable = self._global_type(cursor)
            self._constants.skip(cursor)
            # Programs have thousands of a handful of types; equal ones share one object.
            kept = self._kept.get((type_, mutable))
            if kept is None:
                kept = self._kept[type_, mutable] = Global(type_, mutable)
            self.globals.append(kept)
        require_done(cursor)

    def read_tags(self, cursor: Cursor) -> None:
        """Read the tag section."""
        for _ in range(cursor.count(TAGS_MAX, "tags")):
            self.add_tag(cursor)
        require_done(cursor)

    def add_table(self, cursor: Cursor, *, imported: bool) -> None:
        """Read a table's type."""
        type_ = value_type(cursor)
        flags, minimum, maximum = _limits(cursor)
        if flags & (_SHARED | _HAS_PAGE_SIZE):
            raise _unknown_limits(cursor)
        self.tables.append(Table(type_, minimum, maximum, bool(flags & _WIDE), imported))

    def add_memory(self, cursor: Cursor, *, imported: bool) -> None:
        """Read a memory's type."""
        flags, minimum, maximum = _limits(cursor)
        page_bytes = PAGE_BYTES
        if flags & _HAS_PAGE_SIZE:
            power = cursor.u32()
            if power > _PAGE_SIZE_MAX:
                raise _unknown_limits(cursor)
            page_bytes = 1 << power
        self.memories.append(
            Memory(
                minimum,
                maximum,
                is_wide=bool(flags & _WIDE),
                is_shared=bool(flags & _SHARED),
                imported=imported,
                page_bytes=page_bytes,
            )
        )

    def add_imported_global(self, cursor: Cursor) -> None:
        """Read a global's type."""
        self.globals.append(Global(*self._global_type(cursor), imported=True))

    def add_tag(self, cursor: Cursor) -> str:
        """Read a tag and return its type."""
        cursor.byte()  # an exception: there is no other attribute
        type_ = self._types.text(cursor.u32(), cursor)
        self.tags.append(type_)
        self._evidence.add("exception-handling")
        return type_

    def _global_type(self, cursor: Cursor) -> tuple[str, bool]:
        type_, mutable = value_type(cursor), cursor.byte()
        if mutable > 1:
            raise UnknownFormError
        self._evidence.value(type_)
        return type_, bool(mutable)


def _limits(cursor: Cursor) -> tuple[int, int, int | None]:
    flags = cursor.byte()
    if flags >= _LIMIT_FLAGS:
        raise _unknown_limits(cursor)
    bits = 64 if flags & _WIDE else 32
    minimum = cursor.unsigned(bits)
    return flags, minimum, cursor.unsigned(bits) if flags & _HAS_MAXIMUM else None


def _unknown_limits(cursor: Cursor) -> ModuleError:
    return ModuleError(f"The {cursor.where} has limits of no known form.", where=cursor.where)
