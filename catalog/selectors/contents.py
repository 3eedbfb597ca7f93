"""What a release's module is made of, in the words of its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ContentsView:
    """Rows of the box, and the custom sections; strangers' texts are for showing, never links."""

    features: list[str]
    memories: list[str]
    counts: list[tuple[str, int]]
    starts: bool
    producers: list[dict[str, str]]
    source_map: str | None
    custom_sections: list[dict[str, Any]]


def contents_of_facts(facts: Mapping[str, Any]) -> ContentsView | None:
    """Return the view, None of what is no module or was read by older rules."""
    found = facts.get("contents")
    if not found:
        return None
    return ContentsView(
        features=facts["features"],
        memories=[_memory(each) for each in found["memories"]],
        counts=[
            ("Functions", found["functions"]),
            ("Tables", found["tables"]),
            ("Globals", found["globals"]),
            ("Element segments", found["element_segments"]),
            ("Data segments", found["data_segments"]),
        ],
        starts=found["start"],
        producers=found["producers"],
        source_map=found["source_map"],
        custom_sections=found["custom_sections"],
    )


def _memory(memory: Mapping[str, Any]) -> str:
    text = f"{_mebibytes(memory['minimum'])} MiB"
    if memory["maximum"] is not None:
        text += f", at most {_mebibytes(memory['maximum'])} MiB"
    marks = [name for name in ("imported", "shared") if memory[name]]
    return f"{text} ({', '.join(marks)})" if marks else text


def _mebibytes(size: int) -> str:
    return f"{size / MEBIBYTE:,.4f}".rstrip("0").rstrip(".")
