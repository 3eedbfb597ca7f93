"""Whether the names of functions can be read."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from wasmhub.module import ModuleError
from wasmhub.module.cursor import Cursor
from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

_SECTION: Final = "name"
_FUNCTION_NAMES: Final = 1


@check("wasm/bad-names", Severity.ERROR, stops_loading=True)
def bad_names(subject: Subject) -> Iterator[Statement]:
    """Refuse a malformed name section: the proxy reads it, and refuses the module for it."""
    for each in subject.module.custom_sections:
        if each.name == _SECTION:
            if not _is_readable(subject.data, each.offset, each.offset + each.size):
                yield Statement(
                    "The name section is malformed, and proxies refuse the whole module for it. "
                    "Strip it, with wasm-strip or wasm-tools strip, or build the module again.",
                    "name section",
                )
            return  # proxies read the first one only


def _is_readable(data: bytes, start: int, end: int) -> bool:
    """Read it as the host does: sizes must fit, and functions' names fill their part."""
    cursor = Cursor(memoryview(data), start, end, "name section")
    with suppress(ModuleError):
        while not cursor.is_done:
            number, size = cursor.byte(), cursor.u32()
            part = Cursor(cursor.data, cursor.position, cursor.position + size, cursor.where)
            cursor.take(size)
            if number == _FUNCTION_NAMES:
                for _ in range(part.u32()):
                    part.u32()
                    part.take(part.u32())
                if not part.is_done:
                    return False
        return True
    return False
