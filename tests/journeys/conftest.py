from __future__ import annotations

from tests.browser.conftest import chromium, context, page, pytest_collection_modifyitems

__all__ = ["chromium", "context", "page", "pytest_collection_modifyitems"]
