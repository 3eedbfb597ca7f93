"""Services are the only writers, and they ask the policy before they write."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("accounts", "catalog", "validation", "registry")


def service_functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for room in ROOMS:
        for file in [*ROOT.glob(f"{room}/services.py"), *ROOT.glob(f"{room}/services/*.py")]:
            for node in ast.parse(file.read_text()).body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    yield f"{file.relative_to(ROOT)}:{node.name}", node


WITH_ACTOR = [
    pytest.param(node, id=name)
    for name, node in service_functions()
    if any(argument.arg == "actor" for argument in node.args.kwonlyargs)
]


def calls(node: ast.AST) -> Iterator[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Call):
            function = child.func
            yield (
                function.attr
                if isinstance(function, ast.Attribute)
                else getattr(function, "id", "")
            )


@pytest.mark.single_setup
@pytest.mark.parametrize("node", WITH_ACTOR)
def test_a_service_with_an_actor_asks_the_policy(node: ast.FunctionDef) -> None:
    asked = set(calls(node))
    # A service may leave the question to the service that it hands its actor to.
    others = {name.partition(":")[2] for name, _ in service_functions()}

    assert "require" in asked or asked & others
