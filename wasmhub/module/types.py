"""The type section (core spec 5.3 and 5.5.4): walked once, decoded only where it is asked for."""

from __future__ import annotations

from array import array
from typing import Final

from wasmhub.module.cursor import Cursor
from wasmhub.module.errors import ModuleError
from wasmhub.module.model import FuncType

# The limits that the WebAssembly JavaScript interface sets on engines, V8 among them.
TYPES_MAX: Final = 1_000_000
VALUES_MAX: Final = 1_000

UNKNOWN: Final = "?"
_NUMBERS: Final = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", 0x7B: "v128"}
_HEAPS: Final = {
    0x74: "noexn",
    0x73: "nofunc",
    0x72: "noextern",
    0x71: "none",
    0x70: "func",
    0x6F: "extern",
    0x6E: "any",
    0x6D: "eq",
    0x6C: "i31",
    0x6B: "struct",
    0x6A: "array",
    0x69: "exn",
}
_NULL_REFERENCES: Final = {
    "noexn": "nullexnref",
    "nofunc": "nullfuncref",
    "noextern": "nullexternref",
    "none": "nullref",
}
_PACKED: Final = (0x78, 0x77)  # i8 and i16, which only fields have
_NULLABLE, _REFERENCE = 0x63, 0x64
_FUNCTION, _STRUCT, _ARRAY, _SUB, _SUB_FINAL, _GROUP = 0x60, 0x5F, 0x5E, 0x50, 0x4F, 0x4E
_ONE_BYTE_NEGATIVE: Final = range(0x40, 0x80)  # heap types are signed LEB128 numbers


class UnknownFormError(Exception):
    """Say that a type is of a form newer than this reader."""


class TypeTable:
    """
    Give out the text of function types by index.

    Only where each type begins is kept, 8 bytes a type, so a section of huge types stays cheap.
    A form newer than this reader ends the walk, since nothing tells where the next type begins:
    the rest are unknown.
    """

    def __init__(self) -> None:
        self._section: Cursor | None = None
        self._offsets = array("Q")
        self._texts: dict[int, str] = {}
        self._is_whole = True

    def read(self, section: Cursor) -> None:
        """Walk the type section."""
        self._section = section
        try:
            for _ in range(section.count(TYPES_MAX, "types")):
                self._walk_group(section)
        except UnknownFormError:
            self._is_whole = False
            return
        require_done(section)

    def text(self, index: int, user: Cursor) -> str:
        """Return ``(…) -> (…)`` of the function type of that index, or ``?`` when unknown."""
        if index not in self._texts:
            self._texts[index] = self._decode(index, user)
        return self._texts[index]

    def _decode(self, index: int, user: Cursor) -> str:
        if self._section is None or index >= len(self._offsets):
            if self._is_whole:
                raise ModuleError(
                    f"The {user.where} uses type {index:,} of {len(self._offsets):,}.",
                    where=user.where,
                )
            return UNKNOWN
        whole = self._section
        cursor = Cursor(whole.data, self._offsets[index], whole.end, whole.where)
        try:
            _skip_supertypes(cursor)
            form = cursor.byte()
            if form in (_STRUCT, _ARRAY):
                raise ModuleError(
                    f"The {user.where} uses type {index:,}, which is no function's.",
                    where=user.where,
                )
            if form != _FUNCTION:
                return UNKNOWN
            return str(FuncType(_values(cursor, "parameters"), _values(cursor, "results")))
        except UnknownFormError:
            return UNKNOWN

    def _walk_group(self, cursor: Cursor) -> None:
        if not cursor.is_done and cursor.data[cursor.position] == _GROUP:
            cursor.byte()
            for _ in range(cursor.count(TYPES_MAX, "types in a group")):
                self._walk(cursor)
        else:
            self._walk(cursor)

    def _walk(self, cursor: Cursor) -> None:
        self._offsets.append(cursor.position)
        _skip_supertypes(cursor)
        form = cursor.byte()
        if form == _FUNCTION:
            _skip_values(cursor, "parameters")
            _skip_values(cursor, "results")
        elif form == _STRUCT:
            for _ in range(cursor.count(TYPES_MAX, "fields")):
                _skip_field(cursor)
        elif form == _ARRAY:
            _skip_field(cursor)
        else:
            raise UnknownFormError


def value_type(cursor: Cursor) -> str:
    """Read one value type; return its name in the text format or raise UnknownFormError."""
    byte = cursor.byte()
    if byte in _NUMBERS:
        return _NUMBERS[byte]
    if byte in _HEAPS:
        return _NULL_REFERENCES.get(_HEAPS[byte], f"{_HEAPS[byte]}ref")
    if byte not in (_NULLABLE, _REFERENCE):
        raise UnknownFormError
    null = "null " if byte == _NULLABLE else ""
    return f"(ref {null}{_heap_type(cursor)})"


def require_done(cursor: Cursor) -> None:
    """Require that a section was read to its end."""
    if not cursor.is_done:
        left = cursor.end - cursor.position
        raise ModuleError(
            f"In the {cursor.where}, {left:,} bytes follow the last entry.", where=cursor.where
        )


def _heap_type(cursor: Cursor) -> str:
    if not cursor.is_done and cursor.data[cursor.position] in _ONE_BYTE_NEGATIVE:
        byte = cursor.byte()
        if byte not in _HEAPS:
            raise UnknownFormError
        return _HEAPS[byte]
    return str(cursor.u32())


def _values(cursor: Cursor, what: str) -> tuple[str, ...]:
    return tuple(value_type(cursor) for _ in range(cursor.count(VALUES_MAX, what)))


def _skip_values(cursor: Cursor, what: str) -> None:
    for _ in range(cursor.count(VALUES_MAX, what)):
        value_type(cursor)


def _skip_supertypes(cursor: Cursor) -> None:
    if not cursor.is_done and cursor.data[cursor.position] in (_SUB, _SUB_FINAL):
        cursor.byte()
        for _ in range(cursor.count(TYPES_MAX, "supertypes")):
            cursor.u32()


def _skip_field(cursor: Cursor) -> None:
    if not cursor.is_done and cursor.data[cursor.position] in _PACKED:
        cursor.byte()
    else:
        value_type(cursor)
    if cursor.byte() > 1:  # mutable or not
        raise UnknownFormError
