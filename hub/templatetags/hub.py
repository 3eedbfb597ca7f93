"""Tags and filters that every template may use."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html

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


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw a sign of the sprite; what it means stands beside it in words."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("icons.svg"),
        name,
    )


@register.filter
def ago(moment: datetime) -> str:
    """Say how far a moment is from now, in the largest unit that fits: "3 hours ago"."""
    distance = timezone.now() - moment
    for unit, length in UNITS:
        if count := abs(distance) // length:
            words = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"{words} ago" if distance > timedelta() else f"in {words}"
    return "just now"
