"""Read Wasm binaries: what they need, offer and hold, and who made them. No engine in here."""

from __future__ import annotations

from wasmhub.module.errors import ModuleError
from wasmhub.module.model import (
    CustomSection,
    Export,
    FuncType,
    Global,
    Import,
    Kind,
    Memory,
    Module,
    Producers,
    Section,
    Table,
)
from wasmhub.module.reader import kind_of, read_module, types_of

__all__ = [
    "CustomSection",
    "Export",
    "FuncType",
    "Global",
    "Import",
    "Kind",
    "Memory",
    "Module",
    "ModuleError",
    "Producers",
    "Section",
    "Table",
    "kind_of",
    "read_module",
    "types_of",
]
