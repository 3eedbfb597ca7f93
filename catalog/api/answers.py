"""Answers that several views of the REST API give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import OpenApiResponse
from rest_framework.response import Response

from catalog import selectors
from catalog.api.serializers import ExtensionSerializer, ProblemSerializer

if TYPE_CHECKING:
    from catalog.models import Extension
    from core.actor import Actor

PROBLEM = OpenApiResponse(ProblemSerializer, description="A problem document.")
WRITING = {400: PROBLEM, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM}
DELETING = {
    204: OpenApiResponse(description="It is gone."),
    401: PROBLEM,
    403: PROBLEM,
    404: PROBLEM,
    409: PROBLEM,
}


def answer_extension(actor: Actor, extension: Extension) -> Response:
    """Answer with an extension and the version that stands for it."""
    releases = selectors.releases_of(actor=actor, extension=extension)
    offered = [release for release in releases if not release.yanked]
    context = {"newest": selectors.newest_release(offered)}
    return Response(ExtensionSerializer(extension, context=context).data)
