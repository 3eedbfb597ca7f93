"""What the hub understands of a release's module and image, a class per URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from catalog import selectors
from catalog.api.answers import PROBLEM
from catalog.api.module_serializers import (
    CapabilitiesSerializer,
    ComparisonSerializer,
    CompatibilitySerializer,
    FactsSerializer,
    FindingSerializer,
    PackagingSerializer,
)
from catalog.api.views import HubView
from catalog.selectors.comparing import get_span
from catalog.selectors.compatibility import compatibility_of_module, facts_of, module_read
from catalog.selectors.packaging import packaging_of
from core.errors import NotFoundError
from wasmhub.proxywasm import CAPABILITIES, capability_restriction

if TYPE_CHECKING:
    from rest_framework.request import Request


class FactsView(HubView):
    """What reading the module said."""

    @extend_schema(operation_id="getFacts", responses={200: FactsSerializer, 404: PROBLEM})
    def get(self, request: Request, namespace: str, name: str, version: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Return the facts of the release's module."""
        return Response(facts_of(self.release(namespace, name, version)))


class CompatibilityView(HubView):
    """Where a release loads."""

    @extend_schema(
        operation_id="getCompatibility",
        responses={200: CompatibilitySerializer(many=True), 404: PROBLEM},
    )
    def get(self, request: Request, namespace: str, name: str, version: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Return the verdict for each release of each proxy, newest first."""
        module = module_read(self.release(namespace, name, version))
        return Response([each.as_json() for each in compatibility_of_module(module)])


class CapabilitiesView(HubView):
    """What a release can do."""

    @extend_schema(
        operation_id="getCapabilities", responses={200: CapabilitiesSerializer, 404: PROBLEM}
    )
    def get(self, request: Request, namespace: str, name: str, version: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Return the capabilities in words, and a configuration that allows nothing else."""
        facts = module_read(self.release(namespace, name, version)).facts
        named = [
            {"name": each, "sentence": CAPABILITIES.get(each, "")} for each in facts["capabilities"]
        ]
        return Response({"capabilities": named, "restriction": capability_restriction(facts)})


class PackagingView(HubView):
    """How a release's image is packed."""

    @extend_schema(operation_id="getPackaging", responses={200: PackagingSerializer, 404: PROBLEM})
    def get(self, request: Request, namespace: str, name: str, version: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Return the image's form, who loads it, and the other forms that the hub made of it."""
        return Response(packaging_of(self.release(namespace, name, version)))


class CompareView(HubView):
    """What changes between two releases."""

    @extend_schema(
        operation_id="compareReleases",
        parameters=[OpenApiParameter("span", str, "path", description="As 1.0.0...1.1.0.")],
        responses={200: ComparisonSerializer, 404: PROBLEM},
    )
    def get(self, request: Request, namespace: str, name: str, span: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Return what the second release has and the first had not, and the other way round."""
        found = get_span(actor=self.actor, extension=self.extension(namespace, name), text=span)
        if found.changes is None:
            raise NotFoundError("No worker has read both modules yet.")
        return Response(found.changes.as_json())


class FindingsView(HubView):
    """What the checks found."""

    @extend_schema(
        operation_id="getFindings", responses={200: FindingSerializer(many=True), 404: PROBLEM}
    )
    def get(self, request: Request, namespace: str, name: str, version: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Return the findings on the release; none while it is pending."""
        return Response(selectors.findings_of(self.release(namespace, name, version)))
