"""Origins of URLs (RFC 6454): what credentials may go to, and what may be asked without TLS."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

# How the access tokens of a WebAssembly Hub begin.
TOKEN_PREFIX: Final = "whub_"  # noqa: S105 - the beginning of all of them
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where exactly something is: scheme, host and port."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        """Write the URL without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @classmethod
    def of(cls, url: str) -> Origin | None:
        """Return the origin of an http(s) URL; None for any other text."""
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError):
            return None
        return cls(parts.scheme, parts.hostname, port) if parts.hostname else None

    @property
    def is_loopback(self) -> bool:
        """Tell whether it is this machine itself."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
