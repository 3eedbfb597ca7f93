"""The docs tell the truth about what can be checked."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

from core import errors

pytestmark = pytest.mark.single_setup

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_setting_is_documented_and_nothing_else() -> None:
    read = {
        node.args[0].value
        for node in ast.walk(ast.parse((ROOT / "hub/settings.py").read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    documented = set(
        re.findall(r"^\| `(HUB_\w+)`", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    )

    assert read
    assert documented == read


def test_every_error_has_a_page() -> None:
    def family(kind: type[errors.HubError]) -> set[str]:
        return {kind.code}.union(*(family(each) for each in kind.__subclasses__()))

    pages = {file.stem for file in (ROOT / "docs/errors").glob("*.md")}

    assert family(errors.HubError) - pages == set()


def test_the_committed_openapi_description_is_the_codes() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    written = OpenApiJsonRenderer().render(schema, renderer_context={})

    assert (ROOT / "docs/openapi.json").read_bytes().strip() == written.strip()


def test_links_between_guides_lead_somewhere() -> None:
    for file in [*ROOT.glob("docs/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        for link in re.findall(r"\]\((?!https?:|/|#)([^)#]+)\)", file.read_text()):
            assert (file.parent / link).exists(), f"{file.name} links to {link}"
        for page in re.findall(r"\]\(/docs/([^)#]+)\)", file.read_text()):
            assert (ROOT / "docs" / f"{page}.md").exists(), f"{file.name} links to /docs/{page}"
