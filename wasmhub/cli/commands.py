"""Run the command that was typed, and write what it says."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from wasmhub.cli.comparing import diff
from wasmhub.cli.errors import FAILED, NOT_ALLOWED, UsageError
from wasmhub.cli.inspecting import inspect
from wasmhub.cli.plain import printable
from wasmhub.cli.references import STDIN, Place
from wasmhub.cli.running import run
from wasmhub.cli.sandbox import SandboxError
from wasmhub.cli.screen import Screen
from wasmhub.oci.errors import NotAllowedError, NotThereError, WebError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from wasmhub.cli.report import Report

_COMMANDS: dict[str, Callable[[argparse.Namespace, Place], Report]] = {
    "inspect": inspect,
    "diff": diff,
    "run": run,
}

_READING = ("source", "older", "newer", "trial", "data_file", "config_file", "plugin", "reply")


def run_command(arguments: argparse.Namespace) -> int:
    """Run a command and return its exit code; UsageError says what was wrong with it."""
    _refuse_two_readers(arguments)
    place = Place.of(arguments.hub, os.environ)
    try:
        with place.opened:
            report = _COMMANDS[arguments.command](arguments, place)
    except NotThereError as error:
        raise UsageError(str(error)) from error
    except NotAllowedError as error:
        return _failed(error, NOT_ALLOWED)
    except (WebError, SandboxError) as error:
        return _failed(error, FAILED)
    if arguments.json:
        _write(report.document)
    else:
        report.show(Screen.on(sys.stdout, arguments.color))
    return report.status


def _refuse_two_readers(arguments: argparse.Namespace) -> None:
    """Refuse to read standard input twice: the second time nothing is left."""
    given: list[str | None] = []
    for name in _READING:
        value = getattr(arguments, name, None)
        given += value if isinstance(value, list) else [value]
    if given.count(STDIN) > 1:
        raise UsageError("Standard input can be read once: name files for the others.")


def _write(document: Any) -> None:
    # ASCII that can be seen: what strangers wrote must not command the terminal.
    text = json.dumps(document, indent=2).replace("\x7f", "\\u007f")
    sys.stdout.write(f"{text}\n")


def _failed(error: Exception, status: int) -> int:
    sys.stderr.write(f"wasmhub: {printable(str(error))}\n")
    return status
