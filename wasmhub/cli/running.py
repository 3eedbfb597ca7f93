"""`wasmhub run`: what a filter does to one request, in the sandbox of the hub's page."""

from __future__ import annotations

import base64
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wasmhub.cli.errors import DONE, NO, UsageError
from wasmhub.cli.examined import module_of
from wasmhub.cli.references import STDIN
from wasmhub.cli.report import Report
from wasmhub.cli.sandbox import ask
from wasmhub.cli.screen import Styled
from wasmhub.cli.showing import size_in_words
from wasmhub.cli.sources import bring
from wasmhub.proxywasm.header_lines import read_lines
from wasmhub.proxywasm.trial_shown import show

if TYPE_CHECKING:
    import argparse

    from wasmhub.cli.references import Place
    from wasmhub.cli.screen import Screen
    from wasmhub.proxywasm.header_lines import Marked
    from wasmhub.proxywasm.trial_shown import Body

_FILE_MAX: Final = 16 * 1024 * 1024
_PLUGINS: Final = 2  # the sandbox refuses more
_BAD: Final = frozenset({"trapped", "rejected", "limited"})
_LEVELS: Final = {"warn": "warn", "error": "bad", "critical": "bad"}
_OPTIONS: Final = ("request", "header", "data", "data_file", "config", "config_file", "root_id")
TRIED: Final = ""  # the one that is tried; no reference to a plugin's module is empty


def run(arguments: argparse.Namespace, place: Place) -> Report:
    """Run one filter, with those behind it, on one request."""
    trial = _trial(arguments)
    modules = {TRIED: module_of(bring(arguments.source, place, image=arguments.image))}
    for reference in _plugins(trial):
        modules[reference] = module_of(bring(reference, place))
    answer = ask(trial, modules)
    if refused := answer.get("refused"):
        raise UsageError(f"The trial cannot be run: {refused}")
    status = NO if answer["outcome"]["outcome"] in _BAD else DONE
    return Report(
        answer["outcome"], partial(_show, answer, is_connection="connection" in trial), status
    )


def _trial(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the trial in its fixed shape; what is in it is for the sandbox to check."""
    if arguments.trial is not None:
        if any(getattr(arguments, each) for each in _OPTIONS):
            raise UsageError("--trial has the whole trial: leave the options for its parts out.")
        document = _document(arguments.trial)
        if not isinstance(document, dict):
            raise UsageError(f"{arguments.trial} has no trial in it: see docs/cli.md.")
        trial: dict[str, Any] = document
    else:
        trial = _trial_of_options(arguments)
    plugins = [{"module": each} for each in arguments.plugin]
    replies = [reply for each in arguments.reply for reply in _listed(_document(each))]
    for name, more in (("plugins", plugins), ("replies", replies)):
        if more:
            trial[name] = [*_listed(trial.get(name, [])), *more]
    return trial


def _trial_of_options(arguments: argparse.Namespace) -> dict[str, Any]:
    data = arguments.data
    if arguments.data_file is not None:
        data = _text_or_base64(_read(arguments.data_file))
    method, path = arguments.request or ("GET" if data is None else "POST", "/")
    request: dict[str, Any] = {"method": method, "path": path}
    try:
        request["headers"] = [pair for line in arguments.header for pair in read_lines(line)]
    except ValueError as error:
        raise UsageError(f"{error}. Write -H 'name: value'.") from error
    if data is not None:
        request["body"] = data
    config = arguments.config
    if arguments.config_file is not None:
        config = _text(arguments.config_file)
    return {"request": request, "config": config or "", "root_id": arguments.root_id or ""}


def _plugins(trial: dict[str, Any]) -> list[str]:
    """Return what the plugins' modules are; the sandbox checks the rest of them."""
    listed = _listed(trial.get("plugins"))[:_PLUGINS]
    found = [each.get("module") for each in listed if isinstance(each, dict)]
    return [each for each in found if isinstance(each, str) and each]


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _read(path: str) -> bytes:
    try:
        if path == STDIN:
            data = sys.stdin.buffer.read(_FILE_MAX + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(_FILE_MAX + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path} cannot be read: {why}.") from error
    if len(data) > _FILE_MAX:
        raise UsageError(f"{path} has more than {_FILE_MAX} bytes.")
    return data


def _text(path: str) -> str:
    try:
        return _read(path).decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text in UTF-8.") from error


def _document(path: str) -> Any:
    try:
        return json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no JSON: {error}.") from error


def _text_or_base64(data: bytes) -> str | dict[str, str]:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _show(answer: dict[str, Any], screen: Screen, *, is_connection: bool) -> None:
    shown = show(
        answer["outcome"],
        answer["before"],
        memory=answer["memory"],
        is_connection=is_connection,
    )
    word = Styled(shown.outcome, "good" if shown.is_good else "bad")
    status = f" {shown.status}" if shown.status else ""
    screen.line(word, Styled(status, "strong"))
    screen.paragraph(shown.sentence, indent=0)
    if shown.reason:
        screen.paragraph(shown.reason, style="bad")
    if shown.outcome != "replied" and (shown.request or shown.request_body.text):
        screen.title(shown.request_title)
        _show_message(screen, shown.request, shown.request_body)
    if shown.response or shown.response_body.text:
        screen.title(shown.response_title)
        _show_message(screen, shown.response, shown.response_body)
    screen.title("Its log")
    if not shown.logs:
        screen.paragraph("It wrote nothing.", style="faint")
    for line in shown.logs:
        level = Styled(f"{line['level']:8}", _LEVELS.get(line["level"], "faint"))
        screen.line(level, " ", line["message"], indent=2)
    if shown.calls:
        screen.title("Calls to other services")
    for call in shown.calls:
        answered = "answered" if call["answered"] else "not answered"
        screen.line(
            call["kind"], " to ", call["cluster"], Styled(f" {answered}", "faint"), indent=2
        )
    screen.line()
    cost = f"{shown.milliseconds} ms, {shown.fuel} units of fuel, "
    screen.line(Styled(f"{cost}{size_in_words(shown.memory)} of memory", "faint"))


def _show_message(screen: Screen, headers: list[Marked], body: Body) -> None:
    for each in headers:
        _show_moved(screen, each.move, f"{each.name}: {each.value}")
    if body.text or body.changed:
        screen.line()
    if body.lines:
        for line in body.lines:
            _show_moved(screen, line.move, line.text)
    elif body.text:
        screen.block(body.text, indent=4)


def _show_moved(screen: Screen, move: str, text: str) -> None:
    mark, style = {"gained": ("+ ", "good"), "lost": ("- ", "bad"), "kept": ("  ", "")}[move]
    screen.line(Styled(f"{mark}{text}", style), indent=2)
