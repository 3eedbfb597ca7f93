"""The request as our views see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest  # noqa: TID251 - an adapter of HTTP

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from core.actor import Actor


class HubRequest(HttpRequest):
    """A request with its actor (``hub.middleware.Actors``) and htmx's details."""

    actor: Actor
    htmx: HtmxDetails
