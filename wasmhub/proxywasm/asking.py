"""Ask a child process for a trial; `wasmhub.proxywasm.host.answering` is the other end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def question(
    trial: Mapping[str, Any], modules: Mapping[str, bytes], *, propose: bool = False
) -> list[bytes]:
    """
    Write a question: a line of JSON with the trial and the lengths of the modules, then these.

    The first module is the one that is tried; the others are its plugins', by their references.
    With ``propose`` the answer says what to expect of the trial from now on, too.
    """
    sizes = [[reference, len(content)] for reference, content in modules.items()]
    line = json.dumps({"trial": trial, "modules": sizes, "propose": propose}).encode() + b"\n"
    return [line, *modules.values()]


def cut_short(reason: str) -> dict[str, Any]:
    """Return the answer of a child that did not live to give it: it went over its limits."""
    outcome = {
        "outcome": "limited",
        "request": {"headers": [], "body": ""},
        "response": {"status": 0, "headers": [], "body": ""},
        "logs": [],
        "calls": [],
        "fuel": 0,
        "milliseconds": 0.0,
        "reason": reason,
    }
    return {
        "outcome": outcome,
        "memory": 0,
        "before": {name: {"headers": [], "body": ""} for name in ("request", "response")},
        "proposed": {"outcome": "limited"},
    }
