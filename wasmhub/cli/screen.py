"""What the terminal shows: plain lines of text, in colour where that is wanted, never more."""

from __future__ import annotations

import os
import shutil
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wasmhub.cli.plain import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

# Colours of the terminal's own palette that can be read on black and on white; no meaning is in
# a colour alone. Yellow and blue are unreadable on one of the two.
_STYLES: Final = {
    "": "",
    "strong": "1",
    "faint": "2",
    "good": "32",
    "bad": "31",
    "warn": "35",
}
_WIDTH, _NARROWEST, _WIDEST = 80, 40, 100


@dataclass(frozen=True, slots=True)
class Styled:
    """A piece of text with the name of a style."""

    text: str
    style: str = ""


Part = str | Styled


class Screen:
    """Lines of text on a stream; strangers' control characters are never passed on."""

    def __init__(self, out: TextIO, *, colour: bool, width: int = _WIDTH) -> None:
        self._out = out
        self._colour = colour
        self.width = width

    @classmethod
    def on(cls, out: TextIO, wish: str) -> Screen:
        """Return a screen on a stream; ``wish`` is auto, always or never."""
        columns = shutil.get_terminal_size((_WIDTH, 24)).columns
        width = min(max(columns, _NARROWEST), _WIDEST) if out.isatty() else _WIDTH
        return cls(out, colour=_wants_colour(out, wish), width=width)

    def line(self, *parts: Part, indent: int = 0) -> None:
        """Write one line, however long it is."""
        pieces = (each if isinstance(each, Styled) else Styled(each) for each in parts)
        self._out.write(" " * indent + "".join(map(self._rendered, pieces)).rstrip() + "\n")

    def title(self, text: str) -> None:
        """Write the title of a section, after an empty line."""
        self._out.write("\n")
        self.line(Styled(text, "strong"))

    def paragraph(self, text: str, *, style: str = "", indent: int = 2) -> None:
        """Write text in lines that fit."""
        for line in self._wrapped(text, indent):
            self.line(Styled(line, style), indent=indent)

    def entries(self, entries: Iterable[tuple[Part, str]], *, indent: int = 2) -> None:
        """Write labels with a text beside each, in two columns."""
        pairs = [
            (each if isinstance(each, Styled) else Styled(each, "faint"), text)
            for each, text in entries
        ]
        column = max((len(printable(label.text)) for label, _ in pairs), default=0) + 2
        column = min(column, self.width // 2)
        for label, text in pairs:
            gap = max(column - len(printable(label.text)), 1)
            first, *others = self._wrapped(text, indent + column) or [""]
            self.line(label, " " * gap, first, indent=indent)
            for line in others:
                self.line(line, indent=indent + column)

    def block(self, text: str, *, style: str = "", indent: int = 2) -> None:
        """Write text line by line as it is, such as a body."""
        for line in text.splitlines() or [""]:
            self.line(Styled(line, style), indent=indent)

    def _wrapped(self, text: str, indent: int) -> list[str]:
        width = max(self.width - indent, 20)
        words = printable(text)
        return textwrap.wrap(words, width, break_on_hyphens=False, break_long_words=False)

    def _rendered(self, piece: Styled) -> str:
        text, code = printable(piece.text), _STYLES[piece.style]
        return f"\x1b[{code}m{text}\x1b[0m" if code and text and self._colour else text


def _wants_colour(out: TextIO, wish: str) -> bool:
    if wish != "auto":
        return wish == "always"
    # https://no-color.org: present and not empty.
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
