"""Errors of the REST API: RFC 9457 problem documents."""

from __future__ import annotations

from typing import Any

from django.http import Http404  # noqa: TID251 - an adapter of HTTP
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import set_rollback

from core.errors import HubError, InvalidError, NotFoundError

MEDIA_TYPE = "application/problem+json"


def handle(error: Exception, context: dict[str, Any]) -> Response | None:  # noqa: ARG001 - the signature is Django's
    """Answer an expected failure with a problem document; leave bugs to Django."""
    if isinstance(error, RecursionError):
        error = InvalidError("The body is nested too deeply.")
    if isinstance(error, Http404):
        error = NotFoundError("There is nothing here.")
    if isinstance(error, HubError):
        set_rollback()
        return problem(error.status, error.code, error.message, **error.detail)
    if isinstance(error, APIException):
        set_rollback()
        return _of_framework(error)
    return None


def problem(status: int, code: str, sentence: str, **more: object) -> Response:
    """Return the problem document of a status and a code, with ``detail`` for people."""
    body = {
        "type": f"/docs/errors/{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": sentence,
        **more,
    }
    response = Response(body, status=status, content_type=MEDIA_TYPE)
    if status == 401:  # noqa: PLR2004 - the number is explained here
        response["WWW-Authenticate"] = 'Bearer realm="WebAssembly Hub"'
    return response


def _of_framework(error: APIException) -> Response:
    code = str(error.default_code).replace("_", "-")
    if isinstance(error, ValidationError):
        return problem(400, "invalid", "Some fields break their rules.", fields=error.detail)
    return problem(error.status_code, code, str(error.detail))
