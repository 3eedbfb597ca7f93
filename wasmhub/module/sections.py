"""Find the sections of a module and hold them to the order of the core spec (5.5, "Modules")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.module.cursor import Cursor
from wasmhub.module.errors import ModuleError
from wasmhub.module.model import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

PREAMBLE_BYTES: Final = 8
CUSTOM: Final = 0
# In the order in which they must come, which is not that of their numbers.
_NAMES: Final = {
    1: "type section",
    2: "import section",
    3: "function section",
    4: "table section",
    5: "memory section",
    13: "tag section",
    6: "global section",
    7: "export section",
    8: "start section",
    9: "element section",
    12: "data count section",
    10: "code section",
    11: "data section",
}
_RANKS: Final = {number: rank for rank, number in enumerate(_NAMES)}


def sections_of(data: memoryview) -> Iterator[Section]:
    """Yield the sections in file order; raise ModuleError at a misplaced or cut-off one."""
    offset, last_rank = PREAMBLE_BYTES, -1
    while offset < len(data):
        section = _section_at(data, offset)
        if section.number != CUSTOM:
            rank = _RANKS[section.number]
            if rank <= last_rank:
                raise ModuleError(
                    f"The {section.where} comes twice or too late.", where=section.where
                )
            last_rank = rank
        yield section
        offset = section.end


def _section_at(data: memoryview, offset: int) -> Section:
    number = data[offset]
    if number != CUSTOM and number not in _NAMES:
        raise ModuleError(f"There is no section of number {number}.", where=f"section {number}")
    where = _NAMES.get(number, "custom section")
    header = Cursor(data, offset + 1, len(data), where, to_file_end=True)
    size = header.u32()
    missing = header.position + size - len(data)
    if missing > 0:
        raise ModuleError(
            f"The file ends inside the {where}: {missing:,} bytes are missing.",
            where=where,
            truncated=True,
        )
    return Section(number, where, header.position, header.position + size)
