"""Imports and exports (core spec 5.5.5 and 5.5.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.module.errors import ModuleError
from wasmhub.module.model import Export, ExternKind, Import
from wasmhub.module.types import UNKNOWN, UnknownFormError, require_done

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wasmhub.module.cursor import Cursor
    from wasmhub.module.features import Evidence
    from wasmhub.module.spaces import IndexSpaces
    from wasmhub.module.types import TypeTable

# A proxy offers fewer than a hundred functions; a module imports each of them once.
IMPORTS_MAX: Final = 10_000
# A linker that is told to export everything of a big program writes about ten thousand.
EXPORTS_MAX: Final = 20_000
# Names and types are kept and shown: one module's may not outgrow a page's data. In bytes of
# UTF-8, so that what JSON escapes stays bounded too.
TEXT_MAX: Final = 4 * 1024 * 1024

_KINDS: Final[dict[int, ExternKind]] = {
    0: "function",
    1: "table",
    2: "memory",
    3: "global",
    4: "tag",
}


class Externs:
    """Collect what the module imports and exports, within one budget of text."""

    def __init__(self, types: TypeTable, spaces: IndexSpaces, evidence: Evidence) -> None:
        self.imports: list[Import] = []
        self.exports: list[Export] = []
        self._types = types
        self._spaces = spaces
        self._evidence = evidence
        self._function_types: list[str] = []
        self._text = 0

    def read_imports(self, cursor: Cursor) -> None:
        """Read the import section."""
        for _ in range(cursor.count(IMPORTS_MAX, "imports")):
            module, name, kind = cursor.name(), cursor.name(), _kind(cursor)
            type_ = self._import_type(cursor, kind)
            if kind == "function":
                self._function_types.append(type_)
            self._charge(cursor, module, name, type_)
            self.imports.append(Import(module, name, kind, type_))
        require_done(cursor)

    def read_exports(self, cursor: Cursor, defined: Sequence[int]) -> None:
        """Read the export section; ``defined`` holds the type indices of the module's functions."""
        seen: set[str] = set()
        for _ in range(cursor.count(EXPORTS_MAX, "exports")):
            name, kind, index = cursor.name(), _kind(cursor), cursor.u32()
            if name in seen:
                raise ModuleError("The export section has the same name twice.", where=cursor.where)
            seen.add(name)
            type_ = self._export_type(cursor, kind, index, defined)
            self._charge(cursor, name, type_)
            self.exports.append(Export(name, kind, type_))
        require_done(cursor)

    def _import_type(self, cursor: Cursor, kind: ExternKind) -> str:
        if kind == "function":
            return self._types.text(cursor.u32(), cursor)
        if kind == "tag":
            return self._spaces.add_tag(cursor)
        try:
            if kind == "table":
                self._spaces.add_table(cursor, imported=True)
            elif kind == "memory":
                self._spaces.add_memory(cursor, imported=True)
            else:
                self._spaces.add_imported_global(cursor)
        except UnknownFormError:
            message = f"The {cursor.where} has a type that is not known."
            raise ModuleError(message, where=cursor.where) from None
        return ""

    def _export_type(
        self, cursor: Cursor, kind: ExternKind, index: int, defined: Sequence[int]
    ) -> str:
        if kind == "global":
            self._note_mutable(index)
        if kind == "tag":
            tags = self._spaces.tags
            return tags[index] if index < len(tags) else UNKNOWN
        if kind != "function":
            return ""
        imported = len(self._function_types)
        if index < imported:
            return self._function_types[index]
        if index - imported >= len(defined):
            raise ModuleError(
                f"The {cursor.where} names function {index:,} of {imported + len(defined):,}.",
                where=cursor.where,
            )
        return self._types.text(defined[index - imported], cursor)

    def _note_mutable(self, index: int) -> None:
        globals_ = self._spaces.globals
        if index < len(globals_) and globals_[index].mutable:
            self._evidence.add("mutable-globals")

    def _charge(self, cursor: Cursor, *texts: str) -> None:
        self._text += sum(len(text.encode()) for text in texts)
        if self._text > TEXT_MAX:
            raise ModuleError(
                "The names and types of its imports and exports take more than "
                f"{TEXT_MAX // 1024**2} MiB.",
                where=cursor.where,
            )


def _kind(cursor: Cursor) -> ExternKind:
    number = cursor.byte()
    if number not in _KINDS:
        raise ModuleError(
            f"The {cursor.where} has an entry of the unknown kind {number}.", where=cursor.where
        )
    return _KINDS[number]
