"""The type section (core spec 5.3 and 5.5.4): walked once, decoded only where it is asked for."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from wasmhub.module.cursor import Cursor
from wasmhub.module.errors import ModuleError
from wasmhub.module.model import FuncType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.module.features import Evidence

# The limits that the WebAssembly JavaScript interface sets on engines, V8 among them.
TYPES_MAX: Final = 1_000_000
# A million of the simplest types; those of the largest programs take a tenth of it.
BYTES_MAX: Final = 4 * 1024 * 1024
VALUES_MAX: Final = 1_000

UNKNOWN: Final = "?"
_V128: Final = 0x7B
_NUMBERS: Final = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", _V128: "v128"}
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
_VALUE_NAMES: Final = _NUMBERS | {
    byte: _NULL_REFERENCES.get(heap, f"{heap}ref") for byte, heap in _HEAPS.items()
}
_NUMBER_VALUES: Final = bytes(_NUMBERS.keys() - {_V128})  # of the first version of Wasm
_PACKED: Final = (0x78, 0x77)  # i8 and i16, which only fields have
_NULLABLE, _REFERENCE = 0x63, 0x64
_FUNCTION, _STRUCT, _ARRAY, _SUB, _SUB_FINAL, _GROUP = 0x60, 0x5F, 0x5E, 0x50, 0x4F, 0x4E
_OTHER_FORMS: Final = {_STRUCT: "struct", _ARRAY: "array"}
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

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._section: Cursor | None = None
        self._offsets = array("Q")
        self._texts: dict[int, str] = {}
        self._is_whole = True

    def __len__(self) -> int:
        """Return how many types were found, those inside groups too."""
        return len(self._offsets)

    def read(self, section: Cursor) -> None:
        """Walk the type section; raise UnknownFormError where the rest cannot be read."""
        if section.end - section.position > BYTES_MAX:
            raise ModuleError(
                f"The {section.where} takes more than {BYTES_MAX // 1024**2} MiB.",
                where=section.where,
            )
        self._section = section
        try:
            for _ in range(section.count(TYPES_MAX, "types")):
                self._walk_group(section)
        except UnknownFormError:
            self._is_whole = False
            raise
        require_done(section)

    def texts(self) -> Iterator[str]:
        """Yield every type: a function's as ``text`` writes it, else ``struct`` or ``array``."""
        if self._section is None:
            return
        for offset in self._offsets:
            cursor = Cursor(self._section.data, offset, self._section.end, self._section.where)
            try:
                _skip_supertypes(cursor)
                form = cursor.byte()
                yield _OTHER_FORMS[form] if form in _OTHER_FORMS else _function_text(form, cursor)
            except UnknownFormError:
                yield UNKNOWN

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
            if form in _OTHER_FORMS:
                raise ModuleError(
                    f"The {user.where} uses type {index:,}, which is no function's.",
                    where=user.where,
                )
            return _function_text(form, cursor)
        except UnknownFormError:
            return UNKNOWN

    def _walk_group(self, cursor: Cursor) -> None:
        if cursor.peek() == _GROUP:
            cursor.byte()
            self._evidence.add("gc")
            for _ in range(cursor.count(TYPES_MAX, "types in a group")):
                self._walk(cursor)
        else:
            self._walk(cursor)

    def _walk(self, cursor: Cursor) -> None:
        self._offsets.append(cursor.position)
        if _skip_supertypes(cursor):
            self._evidence.add("gc")
        form = cursor.byte()
        if form == _FUNCTION:
            self._walk_values(cursor, "parameters")
            if self._walk_values(cursor, "results") > 1:
                self._evidence.add("multivalue")
            return
        if form not in _OTHER_FORMS:
            raise UnknownFormError
        self._evidence.add("gc")
        for _ in range(cursor.count(TYPES_MAX, "fields") if form == _STRUCT else 1):
            self._walk_field(cursor)

    def _walk_values(self, cursor: Cursor, what: str) -> int:
        count = cursor.count(VALUES_MAX, what)
        plain = bytes(cursor.data[cursor.position : cursor.position + count])
        if not plain.translate(None, _NUMBER_VALUES):  # the usual case
            cursor.position += count
        else:
            for _ in range(count):
                self._evidence.value(value_type(cursor))
        return count

    def _walk_field(self, cursor: Cursor) -> None:
        if cursor.peek() in _PACKED:
            cursor.byte()
        else:
            self._evidence.value(value_type(cursor))
        if cursor.byte() > 1:  # mutable or not
            raise UnknownFormError


def value_type(cursor: Cursor) -> str:
    """Read one value type; return its name in the text format or raise UnknownFormError."""
    byte = cursor.byte()
    if byte in _VALUE_NAMES:
        return _VALUE_NAMES[byte]
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
    byte = cursor.peek()
    if byte in _ONE_BYTE_NEGATIVE:
        cursor.byte()
        if byte not in _HEAPS:
            raise UnknownFormError
        return _HEAPS[byte]
    return str(cursor.u32())


def _function_text(form: int, cursor: Cursor) -> str:
    if form != _FUNCTION:
        raise UnknownFormError
    return str(FuncType(_values(cursor, "parameters"), _values(cursor, "results")))


def _values(cursor: Cursor, what: str) -> tuple[str, ...]:
    return tuple(value_type(cursor) for _ in range(cursor.count(VALUES_MAX, what)))


def _skip_supertypes(cursor: Cursor) -> bool:
    """Skip what a type that has a place among others begins with; tell whether it was there."""
    if cursor.peek() not in (_SUB, _SUB_FINAL):
        return False
    cursor.byte()
    cursor.skip_numbers(cursor.count(TYPES_MAX, "supertypes"))
    return True
