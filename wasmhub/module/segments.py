"""Code bodies and element segments (core spec 5.5.12 and 5.5.13): walked by their sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.module.errors import ModuleError
from wasmhub.module.types import UnknownFormError, require_done, value_type

if TYPE_CHECKING:
    from wasmhub.module.constants import Constants
    from wasmhub.module.cursor import Cursor
    from wasmhub.module.features import Evidence

# Linkers write one segment for each table; engines take ten million, but not in a second.
ELEMENT_SEGMENTS_MAX: Final = 100_000
ELEMENTS_MAX: Final = 10_000_000  # of the WebAssembly JavaScript interface, for tables
_CONTINUES: Final = 0x80  # LEB128
# Flags of an element segment.
_NOT_ACTIVE, _EXPLICIT, _EXPRESSIONS, _ELEMENT_FLAGS = 1, 2, 4, 8


def largest_body(cursor: Cursor, count: int) -> int:
    """Walk the bodies of ``count`` functions to the section's end; return the largest's bytes."""
    data, position, end = cursor.data, cursor.position, cursor.end
    largest = 0
    for _ in range(count):  # without calls: programs have a hundred thousand functions
        if position >= end:
            raise cursor.cut_off()
        size = data[position]
        if size < _CONTINUES:
            position += size + 1
        elif position + 1 < end and data[position + 1] < _CONTINUES:
            size += (data[position + 1] << 7) - _CONTINUES
            position += size + 2
        else:
            cursor.position = position
            size = cursor.u32()
            position = cursor.position + size
        if size > largest:  # noqa: PLR1730 - max() would be a call
            largest = size
    if position > end:
        raise cursor.cut_off()
    cursor.position = position
    require_done(cursor)
    return largest


def walk_elements(cursor: Cursor, count: int, constants: Constants, evidence: Evidence) -> None:
    """Walk ``count`` element segments to the section's end."""
    for _ in range(count):
        _walk_segment(cursor, constants, evidence)
    require_done(cursor)


def _walk_segment(cursor: Cursor, constants: Constants, evidence: Evidence) -> None:
    flags = cursor.u32()
    if flags >= _ELEMENT_FLAGS:
        raise UnknownFormError
    if flags & _NOT_ACTIVE:
        evidence.add("bulk-memory")
    else:
        if flags & _EXPLICIT and cursor.u32():
            evidence.add("reference-types")
        constants.skip(cursor)
    if flags & (_NOT_ACTIVE | _EXPLICIT):
        _skip_kind(cursor, evidence, is_type=bool(flags & _EXPRESSIONS))
    count = cursor.count(ELEMENTS_MAX, "elements")
    if flags & _EXPRESSIONS:
        for _ in range(count):
            constants.skip(cursor)
    else:
        cursor.skip_numbers(count)


def _skip_kind(cursor: Cursor, evidence: Evidence, *, is_type: bool) -> None:
    if is_type:
        type_ = value_type(cursor)
        if type_ != "funcref":
            evidence.value(type_)
    elif cursor.byte():  # there is no other kind than functions
        raise ModuleError(
            f"The {cursor.where} has elements of an unknown kind.", where=cursor.where
        )
