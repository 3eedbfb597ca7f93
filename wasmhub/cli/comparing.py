"""`wasmhub diff`: what changes from one module to another, as the page of two releases shows it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from wasmhub.cli.errors import DONE, UsageError
from wasmhub.cli.examined import examine_source
from wasmhub.cli.report import Report
from wasmhub.cli.screen import Styled
from wasmhub.cli.showing import size_in_words
from wasmhub.cli.sources import bring
from wasmhub.proxywasm import in_words
from wasmhub.proxywasm.comparing import Comparison, Movement, advice, compare
from wasmhub.proxywasm.origin import language_name

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from wasmhub.cli.references import Place
    from wasmhub.cli.screen import Screen


def diff(arguments: argparse.Namespace, place: Place) -> Report:
    """Compare two files or references."""
    older, newer = (
        _facts(each, place, arguments.image) for each in (arguments.older, arguments.newer)
    )
    changes = compare(older, newer)
    show = partial(_show, changes, (arguments.older, arguments.newer))
    return Report(changes.as_json(), show, DONE)


def _facts(argument: str, place: Place, image: str) -> dict[str, Any]:
    facts = examine_source(bring(argument, place, image=image)).facts
    if facts is None:
        raise UsageError(
            f"{argument} has no module that could be compared: see `wasmhub inspect {argument}`."
        )
    return facts


def _show(changes: Comparison, names: tuple[str, str], screen: Screen) -> None:
    older, newer = names
    screen.line("From ", Styled(older, "strong"), " to ", Styled(newer, "strong"))
    if changes.same:
        screen.paragraph("The module is the same: both carry the same bytes.", indent=0)
        return
    if changes.reaches_further:
        screen.line()
        screen.line(Styled("Warning: ", "warn"), Styled(f"{newer} can do more.", "strong"))
        screen.paragraph(advice(older))
    screen.title("What it can do")
    moved = changes.capabilities
    if not moved:
        screen.paragraph("As before.", style="faint")
    for sign, style, gone in (("+", "good", moved.gained), ("-", "bad", moved.lost)):
        screen.entries(
            (Styled(f"{sign} {each['name']}", style), each["sentence"]) for each in in_words(gone)
        )
    _show_facts(changes, screen)
    _show_moved("Imports", changes.imports, screen)
    _show_moved("Exports", changes.exports, screen)


def _show_facts(changes: Comparison, screen: Screen) -> None:
    entries = [
        (each.name, f"{_shown(each.name, each.before)} → {_shown(each.name, each.after)}")
        for each in changes.facts
    ]
    for name, moved in (("filters", changes.contexts), ("root ids", changes.root_ids)):
        if moved:
            entries.append(
                (name, " ".join((*_signed("+", moved.gained), *_signed("-", moved.lost))))
            )
    if entries:
        screen.title("Facts")
        screen.entries(entries)


def _shown(name: str, value: object) -> str:
    if name == "size" and isinstance(value, int):
        return size_in_words(value)
    if name == "language" and isinstance(value, str):
        return language_name(value)
    return "none" if value is None else str(value)


def _signed(sign: str, names: Iterable[str]) -> list[str]:
    return [f"{sign}{each or 'empty'}" for each in names]


def _show_moved(title: str, moved: Movement, screen: Screen) -> None:
    if not moved:
        return
    screen.title(title)
    for sign, style, listed in (("+", "good", moved.gained), ("-", "bad", moved.lost)):
        for each in listed:
            name = ".".join(filter(None, (each.get("module", ""), each["name"])))
            screen.line(
                Styled(f"{sign} {name}", style), " ", Styled(each["type"], "faint"), indent=2
            )
