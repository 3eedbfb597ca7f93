"""What compilers and linkers say of a module in further custom sections (tool conventions)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.module.cursor import Cursor
from wasmhub.module.errors import ModuleError

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT_MAX: Final = 2_000  # an address or a name that somebody reads
NEEDED_MAX: Final = 1_000
_SUBSECTIONS_MAX: Final = 100  # the conventions know about ten
_MODULE_NAME: Final = 0  # subsection of ``name``
_NEEDED: Final = 2  # subsection of ``dylink.0``


def module_name(data: memoryview, start: int, end: int) -> str | None:
    """Return the module's own name of a ``name`` section."""
    part = _subsection(Cursor(data, start, end, "name section"), _MODULE_NAME)
    return None if part is None else _or_none(lambda: part.name()[:TEXT_MAX])


def source_map(data: memoryview, start: int, end: int) -> str | None:
    """Return the address of a ``sourceMappingURL`` section."""
    cursor = Cursor(data, start, end, "sourceMappingURL section")
    return _or_none(lambda: cursor.name()[:TEXT_MAX])


def needed_libraries(data: memoryview, start: int, end: int, *, is_old: bool) -> tuple[str, ...]:
    """
    Return the libraries that a ``dylink.0`` section wants beside the module.

    In ``dylink``, the older form, the sizes and alignments of memory and table come first.
    """
    cursor = Cursor(data, start, end, "dylink section")
    part = cursor if is_old else _subsection(cursor, _NEEDED)
    if part is None:
        return ()
    try:
        if is_old:
            part.skip_numbers(4)
        return tuple(part.name()[:TEXT_MAX] for _ in range(part.count(NEEDED_MAX, "libraries")))
    except ModuleError:
        return ()


def _subsection(cursor: Cursor, number: int) -> Cursor | None:
    """Return the first subsection of that number; a malformed section has none."""
    try:
        for _ in range(_SUBSECTIONS_MAX):
            found, size = cursor.byte(), cursor.u32()
            start = cursor.position
            cursor.take(size)
            if found == number:
                return Cursor(cursor.data, start, cursor.position, cursor.where)
    except ModuleError:
        pass
    return None


def _or_none(read: Callable[[], str]) -> str | None:
    try:
        return read()
    except ModuleError:
        return None
