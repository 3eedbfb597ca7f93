"""compose.yaml as Compose reads it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
FILE = ROOT / "deploy/compose.yaml"
ORIGIN = "https://hub.example"
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<kind>:[-?])(?P<rest>[^}]*)\}")


def interpolated(**environment: str) -> str:
    """Return the file with its variables replaced as Compose does it."""

    def value(match: re.Match[str]) -> str:
        if found := environment.get(match["name"]):
            return found
        if match["kind"] == ":?":
            raise KeyError(match["name"])
        return match["rest"]

    return VARIABLE.sub(value, FILE.read_text())


def read_composition() -> dict[str, Any]:
    """Return the file as a machine with an origin has it."""
    return dict(yaml.safe_load(interpolated(HUB_PUBLIC_ORIGIN=ORIGIN)))
