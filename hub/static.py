"""Static files with their hash in the name, also where one module imports another."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Rewrite ``import "./x.js"`` too, so that no import map is needed."""

    support_js_module_import_aggregation = True
