"""How often somebody may have the hub run something for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from rest_framework.throttling import SimpleRateThrottle

from validation.errors import BusyError

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class TrialRate(SimpleRateThrottle):
    """Count the trials of a person; of a visitor, those of their address."""

    scope = "trials"
    rate = "60/min"

    def get_cache_key(self, request: Request, view: APIView | None) -> str:  # noqa: ARG002 - the signature is the framework's
        """Return whose trials these are; forged headers name no other address."""
        who = request.actor.user_id or get_adapter().get_client_ip(request)  # type: ignore[attr-defined]
        return self.cache_format % {"scope": self.scope, "ident": who}


def check_trial_rate(request: object) -> None:
    """
    Count one more trial of whoever asks.

    :raises BusyError: they had their share for this minute
    """
    if not TrialRate().allow_request(request, None):  # type: ignore[arg-type]
        raise BusyError("That were many trials in one minute: wait for a little while.")
