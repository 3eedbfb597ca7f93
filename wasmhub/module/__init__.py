"""Read Wasm binaries: what is imported, exported, and by whom it was made. No engine in here."""

from __future__ import annotations

from wasmhub.module.errors import ModuleError
from wasmhub.module.model import CustomSection, Export, FuncType, Import, Kind, Module, Producers
from wasmhub.module.reader import kind_of, read_module

__all__ = [
    "CustomSection",
    "Export",
    "FuncType",
    "Import",
    "Kind",
    "Module",
    "ModuleError",
    "Producers",
    "kind_of",
    "read_module",
]
