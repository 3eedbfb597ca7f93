"""The one public origin that every absolute URL is built from."""

from __future__ import annotations

from django.conf import settings

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
    name, separator, port = host.rpartition(":")
    if separator and name in LOOPBACK and port.isdecimal():
        return f"http://{host}"
    return f"http://127.0.0.1:{settings.LISTEN_PORT}"
