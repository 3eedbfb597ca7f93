"""What every template may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import DisallowedHost

from core.origin import public_origin

if TYPE_CHECKING:
    from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Return the origin, the registry's host name, the actor, the theme and what is switched on."""
    try:
        host = request.get_host()
    except DisallowedHost:  # its own error page is rendered with this context as well
        host = ""
    origin = public_origin(host)
    theme = request.COOKIES.get("theme", "")
    return {
        "origin": origin,
        "registry_host": origin.partition("://")[2],
        "is_plain_http": origin.startswith("http://"),
        "actor": getattr(request, "actor", None),
        "theme": theme if theme in {"light", "dark"} else "",
        "has_github": settings.HAS_GITHUB,
    }
