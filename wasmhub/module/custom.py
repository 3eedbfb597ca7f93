"""Custom sections: where they are, and what the known ones say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.module.errors import ModuleError
from wasmhub.module.features import declared_features
from wasmhub.module.model import CustomSection, Producers
from wasmhub.module.producers import read_producers
from wasmhub.module.tooling import module_name, needed_libraries, source_map

if TYPE_CHECKING:
    from wasmhub.module.cursor import Cursor

# Compilers write about ten: names, producers, target features, debugging data.
CUSTOM_SECTIONS_MAX: Final = 1_000


class CustomSections:
    """Collect them; of several with one name the first counts, as for engines."""

    def __init__(self, data: memoryview) -> None:
        self.found: list[CustomSection] = []
        self.producers = Producers()
        self.name: str | None = None
        self.source_map: str | None = None
        self.needed_libraries: tuple[str, ...] = ()
        self.declared_features: tuple[str, ...] = ()
        self._data = data
        self._names: set[str] = set()

    def take(self, cursor: Cursor) -> None:
        """Read one custom section."""
        if len(self.found) >= CUSTOM_SECTIONS_MAX:
            raise ModuleError(
                f"The module has more than {CUSTOM_SECTIONS_MAX:,} custom sections.",
                where=cursor.where,
            )
        name = cursor.name()
        self.found.append(CustomSection(name, cursor.position, cursor.end - cursor.position))
        if name not in self._names:
            self._names.add(name)
            self._read(name, cursor.position, cursor.end)

    def _read(self, section: str, start: int, end: int) -> None:
        if section == "producers":
            self.producers = read_producers(self._data, start, end)
        elif section == "name":
            self.name = module_name(self._data, start, end)
        elif section == "sourceMappingURL":
            self.source_map = source_map(self._data, start, end)
        elif section == "target_features":
            self.declared_features = declared_features(self._data, start, end)
        elif section in ("dylink", "dylink.0"):
            is_old = section == "dylink"
            self.needed_libraries = needed_libraries(self._data, start, end, is_old=is_old)
