"""Read a core module (core spec 5.5) without looking into its code."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from wasmhub.module.constants import Constants
from wasmhub.module.cursor import Cursor
from wasmhub.module.custom import CustomSections
from wasmhub.module.errors import ModuleError
from wasmhub.module.externs import Externs
from wasmhub.module.features import Evidence
from wasmhub.module.model import Kind, Module
from wasmhub.module.sections import CUSTOM, PREAMBLE_BYTES, sections_of
from wasmhub.module.segments import ELEMENT_SEGMENTS_MAX, largest_body, walk_elements
from wasmhub.module.spaces import IndexSpaces
from wasmhub.module.types import TypeTable, UnknownFormError, require_done

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from wasmhub.module.model import Section

MAGIC: Final = b"\0asm"
# The limits that the WebAssembly JavaScript interface sets on engines, V8 among them.
FUNCTIONS_MAX: Final = 1_000_000
DATA_SEGMENTS_MAX: Final = 100_000
_CORE: Final = (1, 0)  # version and layer
_COMPONENT_LAYER: Final = 1
_TYPE, _IMPORT, _FUNCTION, _TABLE, _MEMORY, _GLOBAL, _EXPORT = range(1, 8)
_START, _ELEMENT, _CODE, _DATA, _DATA_COUNT, _TAG = range(8, 14)
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
    return _read(data).module()


def types_of(data: bytes | memoryview) -> Iterator[str]:
    """Yield every type of a core module: ``(i32) -> ()``, ``struct``, ``array``; ``?`` if newer."""
    return _read(data).types.texts()


def _read(data: bytes | memoryview) -> _Reading:
    if kind_of(data) != "module":
        raise ModuleError(
            "The file does not begin as a core module of version 1.", where="preamble"
        )
    reading = _Reading(memoryview(data))
    for section in sections_of(reading.data):
        reading.take(section)
    return reading


class _Reading:
    """Gather what the sections say, one after the other."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.types = TypeTable(evidence := Evidence())
        self._evidence = evidence
        self._constants = Constants(evidence)
        self._spaces = IndexSpaces(self.types, self._constants, evidence)
        self._externs = Externs(self.types, self._spaces, evidence)
        self._custom = CustomSections(data)
        self._sections: list[Section] = []
        self._unread: list[str] = []
        self._functions: Sequence[int] = b""
        self._code_bodies: int | None = None
        self._largest_body = 0
        self._start: int | None = None
        self._elements = 0
        self._data_count: int | None = None
        self._data_segments: int | None = None
        self._takers: dict[int, Callable[[Cursor], None]] = {
            CUSTOM: self._custom.take,
            _TYPE: self.types.read,
            _IMPORT: self._externs.read_imports,
            _FUNCTION: self._take_functions,
            _TABLE: self._spaces.read_tables,
            _MEMORY: self._spaces.read_memories,
            _TAG: self._spaces.read_tags,
            _GLOBAL: self._spaces.read_globals,
            _EXPORT: self._take_exports,
            _START: self._take_start,
            _ELEMENT: self._take_elements,
            _DATA_COUNT: self._take_data_count,
            _CODE: self._take_code,
            _DATA: self._take_data,
        }

    def take(self, section: Section) -> None:
        cursor = Cursor(self.data, section.start, section.end, section.where)
        try:
            self._takers[section.number](cursor)
        except UnknownFormError:
            self._unread.append(section.where)
        self._sections.append(section)

    def module(self) -> Module:
        self._require_agreement()
        spaces = self._spaces
        self._evidence.spaces(spaces.tables, spaces.memories, spaces.globals)
        return Module(
            imports=tuple(self._externs.imports),
            exports=tuple(self._externs.exports),
            functions=len(self._functions),
            start=self._start,
            custom_sections=tuple(self._custom.found),
            producers=self._custom.producers,
            sections=tuple(self._sections),
            types=len(self.types),
            tables=tuple(spaces.tables),
            memories=tuple(spaces.memories),
            globals=tuple(spaces.globals),
            tags=tuple(spaces.tags),
            elements=self._elements,
            data_count=self._data_count,
            data_segments=self._data_segments or 0,
            largest_body=self._largest_body,
            name=self._custom.name,
            source_map=self._custom.source_map,
            needed_libraries=self._custom.needed_libraries,
            shown_features=self._evidence.found,
            declared_features=self._custom.declared_features,
            unread=tuple(self._unread),
        )

    def _take_functions(self, cursor: Cursor) -> None:
        self._functions = _function_types(cursor)

    def _take_exports(self, cursor: Cursor) -> None:
        self._externs.read_exports(cursor, self._functions)

    def _take_start(self, cursor: Cursor) -> None:
        self._start = cursor.u32()
        require_done(cursor)

    def _take_elements(self, cursor: Cursor) -> None:
        self._elements = cursor.count(ELEMENT_SEGMENTS_MAX, "element segments")
        walk_elements(cursor, self._elements, self._constants, self._evidence)

    def _take_data_count(self, cursor: Cursor) -> None:
        self._data_count = cursor.u32()
        self._evidence.add("bulk-memory")
        require_done(cursor)

    def _take_code(self, cursor: Cursor) -> None:
        self._code_bodies = cursor.count(FUNCTIONS_MAX, "functions")
        self._largest_body = largest_body(cursor, self._code_bodies)

    def _take_data(self, cursor: Cursor) -> None:
        self._data_segments = cursor.count(DATA_SEGMENTS_MAX, "data segments")

    def _require_agreement(self) -> None:
        """Require that what is announced in one section is there in the other."""
        declared, bodies = len(self._functions), self._code_bodies
        if bodies is None and declared:
            raise _file_ends_before("code")
        if (bodies or 0) != declared:
            raise ModuleError(
                f"The module declares {declared:,} functions and has code for {bodies:,}.",
                where="code section",
            )
        announced, segments = self._data_count, self._data_segments
        if segments is None and announced:
            raise _file_ends_before("data")
        if announced is not None and announced != (segments or 0):
            raise ModuleError(
                f"The module announces {announced:,} data segments and has {segments:,}.",
                where="data section",
            )


def _file_ends_before(what: str) -> ModuleError:
    return ModuleError(f"The file ends before its {what}.", where=f"{what} section", truncated=True)


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
