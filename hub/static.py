"""Static files with their hash in the name, also where one module imports another."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.core.management import call_command
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

    def compress_files(self, paths: list[str]) -> Iterator[tuple[str, str]]:
        """Leave the files of Django's admin as they are: a few people see them now and then."""
        yield from super().compress_files([path for path in paths if not path.startswith("admin/")])


def _joined(paths: dict[str, Any]) -> str:
    def read(name: str) -> str:
        storage, path = paths[name]
        with storage.open(path) as file:
            return str(file.read().decode())

    return _IMPORT.sub(lambda match: read(f"css/{match[1]}"), read(STYLE_SHEET))


def collect_static() -> None:
    """Collect and compress the static files if any differs from what was collected last."""
    root = Path(settings.STATIC_ROOT)
    record = root.with_name(f"{root.name}.json")  # beside it: what is in it is served
    sources = _sources()
    with contextlib.suppress(OSError, ValueError):
        if json.loads(record.read_bytes()) == sources and (root / "staticfiles.json").exists():
            return
    call_command("collectstatic", verbosity=0, interactive=False)
    record.write_text(json.dumps(sources))


def _sources() -> dict[str, list[int]]:
    """Return size and time of change of each file that is collected, and of what collects."""
    files = [
        Path(storage.path(name)) for finder in get_finders() for name, storage in finder.list([])
    ]
    stats = {str(file): file.stat() for file in [*files, Path(__file__)]}
    return {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}
