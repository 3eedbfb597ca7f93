"""The ``producers`` custom section of the tool conventions: who made the module."""

from __future__ import annotations

from typing import Final

from wasmhub.module.cursor import Cursor
from wasmhub.module.errors import ModuleError
from wasmhub.module.model import Producers

FIELDS_MAX: Final = 10  # the convention knows three
VALUES_MAX: Final = 100  # a program is made by a handful of tools
TEXT_MAX: Final = 200  # a tool's name, or a version with its commit


def read_producers(data: memoryview, start: int, end: int) -> Producers:
    """Read the section; one that is malformed says nothing, as engines ignore it too."""
    cursor = Cursor(data, start, end, "producers section")
    fields: dict[str, dict[str, str]] = {}
    try:
        for _ in range(cursor.count(FIELDS_MAX, "fields")):
            values = fields.setdefault(cursor.name(), {})
            for _ in range(cursor.count(VALUES_MAX, "values")):
                name, version = cursor.name(), cursor.name()
                values[name[:TEXT_MAX]] = version[:TEXT_MAX]
    except ModuleError:
        return Producers()
    return Producers(
        language=fields.get("language", {}),
        processed_by=fields.get("processed-by", {}),
        sdk=fields.get("sdk", {}),
    )
