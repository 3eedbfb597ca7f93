"""Static files with their hash in the name, also where one module imports another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

if TYPE_CHECKING:
    from collections.abc import Iterator

STYLE_SHEET = "css/site.css"
_IMPORT = re.compile(r'@import url\("([\w.-]+)"\);\n')


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Rewrite ``import "./x.js"`` too, so that no import map is needed; join the style sheets."""

    support_js_module_import_aggregation = True

    def post_process(
        self, paths: dict[str, Any], *arguments: Any, **options: Any
    ) -> Iterator[tuple[str, str, bool]]:
        """Put what the style sheet imports into it, so that a page asks for one file."""
        if STYLE_SHEET in paths:
            whole = InMemoryStorage()
            whole.save(STYLE_SHEET, ContentFile(_joined(paths)))
            paths = {**paths, STYLE_SHEET: (whole, STYLE_SHEET)}
        yield from super().post_process(paths, *arguments, **options)


def _joined(paths: dict[str, Any]) -> str:
    def read(name: str) -> str:
        storage, path = paths[name]
        with storage.open(path) as file:
            return str(file.read().decode())

    return _IMPORT.sub(lambda match: read(f"css/{match[1]}"), read(STYLE_SHEET))
