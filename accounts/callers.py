"""Whose request this is, told from its headers alone: before anybody reads a large body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, parse_cookie  # noqa: TID251 - an adapter of HTTP
from rest_framework.request import Request

from accounts.api.authentication import AccessTokenAuthentication
from core.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Iterable


def person_behind(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """Return the key of the person whose live token or session the headers carry, else None."""
    request = HttpRequest()
    for name, value in headers:
        if name in {b"authorization", b"cookie"}:
            request.META[f"HTTP_{name.decode().upper()}"] = value.decode("latin-1")
    request.COOKIES = parse_cookie(request.META.get("HTTP_COOKIE", ""))
    try:
        found = AccessTokenAuthentication().authenticate(Request(request))
    except CredentialsError:
        return None
    return found[0].pk if found else _of_session(request)


def _of_session(request: HttpRequest) -> int | None:
    SessionMiddleware(lambda _request: None).process_request(request)  # type: ignore[arg-type] # only its first half is used
    return get_user(request).pk
