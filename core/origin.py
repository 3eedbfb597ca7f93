"""The one public origin that every absolute URL is built from."""

from __future__ import annotations

import re

from django.conf import settings

_PORT = re.compile(r"[1-9][0-9]{0,4}")
LAST_PORT = 65535
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def public_origin(host: str = "") -> str:
    """
    Return the origin, such as ``https://hub.example``, without a slash at the end.

    The configured one always wins. Without one, a loopback name in ``host`` (the request's Host
    header) is answered by itself, so that both names of this machine work; anything else gets the
    default, never what a client claims.
    """
    if settings.PUBLIC_ORIGIN:
        return str(settings.PUBLIC_ORIGIN)
    name, _, port = host.rpartition(":")
    if name in LOOPBACK and _PORT.fullmatch(port) and int(port) <= LAST_PORT:
        return f"http://{host}"
    return f"http://127.0.0.1:{settings.LISTEN_PORT}"
