"""Tags and filters that every template may use."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe

from wasmhub.proxywasm.origin import language_name

if TYPE_CHECKING:
    from datetime import datetime

    from django.utils.safestring import SafeString

register = template.Library()

# The same steps as static/js/elements/wh-relative-time.js.
UNITS = [
    ("year", timedelta(days=365)),
    ("month", timedelta(days=30)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
]

VERDICTS = {
    "passed": ("check", "Passed"),
    "pending": ("clock", "Being checked"),
    "failed": ("x", "Failed"),
    "quarantined": ("shield", "Quarantined"),
}

# What capital letters alone do not give.
_YAML_LINE = re.compile(
    r"(?P<comment>^[ ]*#.*$)|(?P<start>^[ -]*)(?P<key>[\w@./-]+|&quot;[^:]*?&quot;)(?=:( |$))",
    re.MULTILINE,
)


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw a sign of the sprite; what it means stands beside it in words."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("icons.svg"),
        name,
    )


@register.simple_tag
def verdict(state: str) -> SafeString:
    """Say a verdict in a sign and a word. Lists are long, so this one is no cotton component."""
    name, word = VERDICTS.get(state, VERDICTS["pending"])
    return format_html('<span class="verdict" data-state="{}">{}{}</span>', state, icon(name), word)


@register.simple_tag
def moment(value: datetime) -> SafeString:
    """Say how long ago something was; the exact moment is in the element and its title."""
    value = value.astimezone(UTC)
    return format_html(
        '<wh-relative-time><time datetime="{}" title="{}">{}</time></wh-relative-time>',
        value.isoformat(timespec="seconds"),
        f"{value:%-d %B %Y, %H:%M} UTC",
        ago(value),
    )


@register.filter
def ago(moment: datetime) -> str:
    """Say how far a moment is from now, in the largest unit that fits: "3 hours ago"."""
    distance = timezone.now() - moment
    for unit, length in UNITS:
        if abs(distance) >= length:
            count = round(abs(distance) / length)
            words = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"{words} ago" if distance > timedelta() else f"in {words}"
    return "just now"


@register.filter
def language(name: str) -> str:
    """Write a language's name as its people do."""
    return language_name(name)


@register.filter
def yaml(text: str) -> SafeString:
    """Mark up the comments and the keys of a YAML document."""

    def marked(match: re.Match[str]) -> str:
        if match["comment"] is not None:
            return f'<span class="code-comment">{match["comment"]}</span>'
        return f'{match["start"]}<span class="code-key">{match["key"]}</span>'

    # Safe: all of the text is escaped first, and only our own spans come in after that.
    return mark_safe(_YAML_LINE.sub(marked, escape(text)))  # noqa: S308


@register.filter
def words(text: str) -> list[str]:
    """Part a text at its spaces, to loop over a few words."""
    return text.split()
