"""Markdown of strangers to HTML that can do nothing: CommonMark, then a sanitiser."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import nh3
from django.core.cache import cache
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

# Raise it when rendering changes, so that no cached page shows the old one.
VERSION = 2
CACHE_SECONDS = 24 * 60 * 60
# A table of contents with more helps nobody.
HEADINGS = 200

TAGS = {
    *("h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "blockquote", "pre", "code", "hr"),
    *("strong", "em", "s", "a", "br", "table", "thead", "tbody", "tr", "th", "td", "div"),
}
# What is wider than the column scrolls on its own, and the keyboard has to reach it.
TABLE = '<div class="scroll" tabindex="0" role="region" aria-label="Table">'
ATTRIBUTES = {
    "a": {"href", "title"},
    "code": {"class"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "div": {"class", "tabindex", "role", "aria-label"},
    **{f"h{level}": {"id"} for level in range(2, 7)},
}


@dataclass(frozen=True, slots=True)
class Heading:
    """An entry of the table of contents."""

    id: str
    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """A README as a page shows it."""

    html: SafeString
    toc: list[Heading]


def render(markdown: str, *, deeper: int = 1, ours: bool = False) -> Rendered:
    """
    Render Markdown: no HTML of the author's, no scripts, images as links.

    ``deeper`` is how many levels headings go down, to stand below the page's own h1. In a text
    of ``ours`` links within the site lead somewhere; in a stranger's they could only mislead.
    """
    key = f"readme-{VERSION}-{deeper}-{ours}-{hashlib.sha256(markdown.encode()).hexdigest()}"
    kept = cache.get(key)
    if kept is None:
        kept = _render(markdown, deeper, ours=ours)
        cache.set(key, kept, CACHE_SECONDS)
    html, headings = kept
    # Safe: it has just left the sanitiser, or a cache that only this function fills.
    return Rendered(mark_safe(html), [Heading(*each) for each in headings])  # noqa: S308 - see above


def _render(markdown: str, deeper: int, *, ours: bool) -> tuple[str, list[tuple[str, str, int]]]:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    tokens = parser.parse(markdown)
    headings = _number_headings(tokens, deeper)
    _show_images_as_links(tokens)
    html = str(parser.renderer.render(tokens, parser.options, {}))
    html = html.replace("<table>", TABLE + "<table>")
    html = html.replace("</table>", "</table></div>").replace("<pre>", '<pre tabindex="0">')
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow ugc noopener",
        url_relative="pass_through" if ours else "deny",
    )
    return clean, headings


def _number_headings(tokens: Sequence[Token], deeper: int) -> list[tuple[str, str, int]]:
    """Push headings below the page's own h1, give them ids of their own, and list them."""
    found: list[tuple[str, str, int]] = []
    slugs = _Slugs()
    for number, token in enumerate(tokens):
        if token.type not in {"heading_open", "heading_close"}:
            continue
        level = max(2, min(int(token.tag[1]) + deeper, 6))
        token.tag = f"h{level}"
        if token.type == "heading_open" and len(found) < HEADINGS:
            text = "".join(child.content for child in tokens[number + 1].children or [])
            slug = slugs.free(text)
            token.attrSet("id", slug)
            found.append((slug, text[:200], level))
    return found


class _Slugs:
    """Ids for headings; the same text again gets the next number."""

    def __init__(self) -> None:
        self._used: Counter[str] = Counter()

    def free(self, text: str) -> str:
        # The prefix keeps an author's heading from taking an id of the page's own; the two
        # hyphens before a number cannot come from a text.
        words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:80]
        base = "readme-" + (words or "section")
        self._used[base] += 1
        return base if self._used[base] == 1 else f"{base}--{self._used[base]}"


def _show_images_as_links(tokens: Sequence[Token]) -> None:
    """Replace pictures by links: a picture elsewhere would tell its host who reads this page."""
    for token in tokens:
        for image in token.children or []:
            if image.type != "image":
                continue
            source = str(image.attrGet("src") or "")
            label = image.content or "image"
            image.type, image.tag, image.children = "html_inline", "", []
            image.content = f'<a href="{escape(source)}">{escape(label)} (image)</a>'
