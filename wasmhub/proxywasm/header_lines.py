"""Header lists as people write them, and the difference between two of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

Pairs = list[list[str]]


@dataclass(frozen=True, slots=True)
class Marked:
    """One header, and whether it came, went, or stayed."""

    name: str
    value: str
    move: Literal["gained", "lost", "kept"]


def read_lines(text: str) -> Pairs:
    """
    Read one ``name: value`` from each line that is not empty.

    A name that begins with a colon is one of HTTP/2's. Raises ValueError with a sentence.
    """
    pairs = []
    for line in text.splitlines():
        start = 1 if line.startswith(":") else 0
        name, colon, value = line[start:].partition(":")
        if line.strip():
            if not colon or not name.strip():
                raise ValueError(f"This line is no header: {line.strip()[:80]}")
            pairs.append([line[:start] + name.strip().lower(), value.strip()])
    return pairs


def as_lines(headers: object) -> str:
    """Write header pairs one to a line; what is no pair is left out."""
    if not isinstance(headers, list):
        return ""
    pairs = [each for each in headers if isinstance(each, list) and len(each) == 2]  # noqa: PLR2004 - a pair
    return "\n".join(f"{name}: {value}" for name, value in pairs)


def difference(before: Pairs, after: Pairs) -> list[Marked]:
    """Mark each header that is there now, in order, and then those that are gone."""
    left = Counter(map(tuple, before))
    marked = []
    for name, value in after:
        known = left[name, value] > 0
        left[name, value] -= known
        marked.append(Marked(name, value, "kept" if known else "gained"))
    for name, value in before:
        if left[name, value] > 0:
            left[name, value] -= 1
            marked.append(Marked(name, value, "lost"))
    return marked
