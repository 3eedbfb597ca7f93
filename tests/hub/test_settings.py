"""Settings come from the environment, secrets from files if so wished."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.settings import SecretFiles

pytestmark = pytest.mark.single_setup


def test_a_secret_from_a_file_has_no_newline_at_its_end(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(" with spaces \n")

    found = SecretFiles({"HUB_REGISTRY_PASSWORD_FILE": str(file), "HUB_DATA_DIR": "var"})

    assert found["HUB_REGISTRY_PASSWORD"] == " with spaces "
    assert found["HUB_DATA_DIR"] == "var"
