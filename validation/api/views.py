"""Try a release by REST."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from catalog.api.answers import PROBLEM
from catalog.api.views import HubView
from validation.api.serializers import OutcomeSerializer, TrialSerializer
from validation.rates import check_trial_rate
from validation.trying import try_release

if TYPE_CHECKING:
    from rest_framework.request import Request


class TrialsView(HubView):
    """Trials of a release; none of them is kept."""

    @extend_schema(
        operation_id="tryRelease",
        request=TrialSerializer,
        responses={200: OutcomeSerializer, 400: PROBLEM, 404: PROBLEM, 429: PROBLEM},
    )
    def post(self, request: Request, namespace: str, name: str, version: str) -> Response:
        """Run the release's module on a request, in a sandbox, and return what came of it."""
        release = self.release(namespace, name, version)
        trial = TrialSerializer(data=request.data)
        trial.is_valid(raise_exception=True)
        check_trial_rate(request._request)  # noqa: SLF001 - it has the actor
        tried = try_release(actor=self.actor, release=release, trial=trial.validated_data)
        return Response(tried.outcome)
