"""What every request of the portal passes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib.auth.views import redirect_to_login
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.functional import SimpleLazyObject

from accounts.actors import actor_for
from core.errors import HubError, NotSignedInError

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from accounts.requests import HubRequest
    from core.actor import Actor

    GetResponse = Callable[[HttpRequest], HttpResponse]


class PrivateByDefault:
    """A page depends on who reads it, so no shared cache may keep it unless its view says so."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
            patch_vary_headers(response, ["Cookie", "Authorization"])
        return response


class Actors:
    """Give each request the actor that the policy judges: ``request.actor``."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        lazy = SimpleLazyObject(lambda: actor_for(request.user))
        cast("HubRequest", request).actor = cast("Actor", lazy)
        return self._get_response(request)


class ErrorPages:
    """Turn an expected failure of a view into a page that says what to do."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, HubError):
            return None
        if isinstance(exception, NotSignedInError):
            return redirect_to_login(request.get_full_path())
        status = exception.status
        template = f"errors/{status}.html" if status in {403, 404} else "errors/error.html"
        return render(request, template, {"error": exception, "status": status}, status=status)
