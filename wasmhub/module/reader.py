"""Read a core module (core spec 5.5) without looking into its code."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from wasmhub.module.cursor import Cursor
from wasmhub.module.errors import ModuleError
from wasmhub.module.externs import Externs
from wasmhub.module.model import CustomSection, Kind, Module, Producers
from wasmhub.module.producers import read_producers
from wasmhub.module.sections import CUSTOM, PREAMBLE_BYTES, Section, sections_of
from wasmhub.module.types import TypeTable, require_done

if TYPE_CHECKING:
    from collections.abc import Sequence

MAGIC: Final = b"\0asm"
# The limit that the WebAssembly JavaScript interface sets on engines, V8 among them.
FUNCTIONS_MAX: Final = 1_000_000
# Compilers write about ten: names, producers, target features, debugging data.
CUSTOM_SECTIONS_MAX: Final = 1_000
_CORE: Final = (1, 0)  # version and layer
_COMPONENT_LAYER: Final = 1
_TYPE, _IMPORT, _FUNCTION, _EXPORT, _START, _CODE, _DATA = 1, 2, 3, 7, 8, 10, 11
_CONTINUES: Final = 0x80  # LEB128
_U32_SHIFT_MAX: Final = 28
_U32_BYTES_MAX: Final = 5


def kind_of(data: bytes | memoryview) -> Kind:
    """Tell by the first eight bytes whether a core module or a component begins."""
    if len(data) < PREAMBLE_BYTES or bytes(data[:4]) != MAGIC:
        return "invalid"
    # The component model splits the version field: two bytes of version, two of layer.
    version, layer = (int.from_bytes(data[at : at + 2], "little") for at in (4, 6))
    if (version, layer) == _CORE:
        return "module"
    return "component" if layer == _COMPONENT_LAYER else "invalid"


def read_module(data: bytes | memoryview) -> Module:
    """Read a whole core module, or raise ModuleError."""
    if kind_of(data) != "module":
        raise ModuleError(
            "The file does not begin as a core module of version 1.", where="preamble"
        )
    reading = _Reading(memoryview(data))
    for section in sections_of(reading.data):
        reading.take(section)
    return reading.module()


class _Reading:
    """Gather what the sections say, one after the other."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self._types = TypeTable()
        self._externs = Externs(self._types)
        self._functions: Sequence[int] = b""
        self._code_bodies: int | None = None
        self._start: int | None = None
        self._custom: list[CustomSection] = []
        self._producers: Producers | None = None

    def take(self, section: Section) -> None:
        cursor = Cursor(self.data, section.start, section.end, section.where)
        if section.number == CUSTOM:
            self._take_custom(cursor)
        elif section.number == _TYPE:
            self._types.read(cursor)
        elif section.number == _IMPORT:
            self._externs.read_imports(cursor)
        elif section.number == _FUNCTION:
            self._functions = _function_types(cursor)
        elif section.number == _EXPORT:
            self._externs.read_exports(cursor, self._functions)
        elif section.number == _START:
            self._start = cursor.u32()
            require_done(cursor)
        elif section.number == _CODE:
            self._code_bodies = cursor.count(FUNCTIONS_MAX, "functions")

    def module(self) -> Module:
        declared, bodies = len(self._functions), self._code_bodies
        if bodies is None and declared:
            raise ModuleError(
                "The file ends before its code.", where="code section", truncated=True
            )
        if (bodies or 0) != declared:
            raise ModuleError(
                f"The module declares {declared:,} functions and has code for {bodies:,}.",
                where="code section",
            )
        return Module(
            imports=tuple(self._externs.imports),
            exports=tuple(self._externs.exports),
            functions=declared,
            start=self._start,
            custom_sections=tuple(self._custom),
            producers=self._producers or Producers(),
        )

    def _take_custom(self, cursor: Cursor) -> None:
        if len(self._custom) >= CUSTOM_SECTIONS_MAX:
            raise ModuleError(
                f"The module has more than {CUSTOM_SECTIONS_MAX:,} custom sections.",
                where=cursor.where,
            )
        name = cursor.name()
        self._custom.append(CustomSection(name, cursor.position, cursor.end - cursor.position))
        if name == "producers" and self._producers is None:
            self._producers = read_producers(self.data, cursor.position, cursor.end)


def _function_types(cursor: Cursor) -> Sequence[int]:
    """Return the type index of each function."""
    count = cursor.count(FUNCTIONS_MAX, "functions")
    if cursor.end - cursor.position > count * _U32_BYTES_MAX:
        raise ModuleError(
            f"The {cursor.where} has more bytes than {count:,} functions take.", where=cursor.where
        )
    payload = bytes(cursor.data[cursor.position : cursor.end])
    if len(payload) == count and payload.isascii():
        return payload  # every number is one byte: the usual case, and no loop
    indices = array("L")
    value = shift = 0
    for byte in payload:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < _CONTINUES:
            indices.append(value)
            value = shift = 0
        elif shift > _U32_SHIFT_MAX:
            raise ModuleError(f"A number in the {cursor.where} is too long.", where=cursor.where)
    if len(indices) != count or shift:
        raise ModuleError(
            f"The {cursor.where} announces {count:,} functions and has {len(indices):,}.",
            where=cursor.where,
        )
    return indices
