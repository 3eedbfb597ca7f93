"""
What proves to the backing registry who the hub is: Basic, or a token got with it.

The credentials go to the one origin that the operator named and nowhere else: a registry that
sends its clients to another host for tokens is refused (CVE-2026-33540 is what comes of trusting
it).
"""

from __future__ import annotations

import base64
import json
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from core.content import ContentError
from wasmhub.oci.origins import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PARAMETER = re.compile(r'(\w+)="([^"]*)"')
TOKEN = re.compile(r"[\x21-\x7e]+")
# The token protocol's own default, and how long before its end a token is not used any more.
TOKEN_SECONDS, MARGIN_SECONDS = 60, 10
REFUSED = "The backing registry does not take the hub's credentials."


class Credentials:
    """
    The header Authorization for each kind of request, as the registry demands it.

    ``get`` asks a URL of the registry with a header Authorization (or an empty one) and returns
    the body of its 200. Several threads may use this at once: at worst each gets a token.
    """

    def __init__(
        self, origin: Origin, *, username: str, password: str, get: Callable[[str, str], bytes]
    ) -> None:
        self._origin = origin
        self._get = get
        self._basic = ""
        if username or password:
            pair = base64.b64encode(f"{username}:{password}".encode()).decode()
            self._basic = f"Basic {pair}"
        self._headers: dict[str, tuple[str, float]] = {}

    def header(self, action: str) -> str:
        """Return what was found to be needed for requests of this kind; empty for nothing yet."""
        header, until = self._headers.get(action, ("", 0.0))
        return header if time.monotonic() < until else ""

    def satisfy(self, challenges: Sequence[str], *, action: str, scope: str) -> None:
        """
        Get what a 401 asks for; ``header`` returns it from now on.

        :raises ContentError: it cannot be had, or only from another host
        """
        for challenge in challenges:
            scheme, _, rest = challenge.strip().partition(" ")
            if scheme.lower() == "bearer":
                self._headers[action] = self._token(dict(PARAMETER.findall(rest)), scope)
                return
            if scheme.lower() == "basic" and self._basic:
                self._headers[action] = (self._basic, float("inf"))
                return
        raise ContentError(REFUSED)

    def _token(self, challenge: dict[str, str], scope: str) -> tuple[str, float]:
        realm = challenge.get("realm", "")
        if Origin.of(realm) != self._origin:
            raise ContentError(
                "The backing registry sends its clients to another host for tokens, and the hub's "
                "credentials go to the registry itself only."
            )
        query = {"service": challenge.get("service", ""), "scope": challenge.get("scope", scope)}
        asked = time.monotonic()
        body = self._get(f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}", self._basic)
        try:
            answer = json.loads(body)
            token = answer.get("token") or answer.get("access_token")
            seconds = int(answer.get("expires_in") or TOKEN_SECONDS)
        except (ValueError, TypeError, AttributeError) as error:
            raise ContentError("The backing registry's token cannot be read.") from error
        if not isinstance(token, str) or not TOKEN.fullmatch(token):
            raise ContentError("The backing registry's token cannot be read.")
        return f"Bearer {token}", asked + max(seconds - MARGIN_SECONDS, MARGIN_SECONDS)
