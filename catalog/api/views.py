"""One small class per URL: parse, one domain call, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import selectors, services
from catalog.api.answers import DELETING, PROBLEM, WRITING, answer_extension
from catalog.api.serializers import (
    ExtensionChangesSerializer,
    ExtensionSerializer,
    ReleaseChangesSerializer,
    ReleaseSerializer,
    ReleasesSerializer,
    SearchSerializer,
    UploadSerializer,
)
from catalog.search import SearchRequest, search
from catalog.search.schema import FACETS
from catalog.selectors.cards import cards_of
from catalog.selectors.pages import render_manifest
from core.errors import InvalidError, NotFoundError
from core.origin import public_origin
from wasmhub import manifests

if TYPE_CHECKING:
    from rest_framework.request import Request

    from catalog.models import Extension, Release
    from core.actor import Actor

PER_PAGE = 50
FACET_PARAMETERS = {
    "lang": "language",
    "abi": "abi",
    "license": "license",
    "category": "category",
    "org": "namespace",
    "can": "capability",
}
SEARCH_PARAMETERS = {*FACET_PARAMETERS, "q", "sort", "cursor"}


class HubView(APIView):
    """A view that knows who asks."""

    @property
    def actor(self) -> Actor:
        """Return the actor: of the access token if one came along, else of the session."""
        actor: Actor = self.request._request.actor  # type: ignore[attr-defined]  # noqa: SLF001 - Django's documented _meta
        return actor

    def extension(self, namespace: str, name: str) -> Extension:
        """Return the extension of the URL, if the actor may see it."""
        return selectors.get_extension(actor=self.actor, namespace=namespace, name=name)

    def release(self, namespace: str, name: str, version: str) -> Release:
        """Return the release of the URL, if the actor may see it."""
        return selectors.get_release(
            actor=self.actor, extension=self.extension(namespace, name), version=version
        )


class SearchView(HubView):
    """Search for extensions."""

    @extend_schema(
        operation_id="search",
        parameters=[
            OpenApiParameter("q", str, description="What people would type."),
            *(
                OpenApiParameter(key, str, many=True, description=f"Only of this {facet}.")
                for key, facet in FACET_PARAMETERS.items()
            ),
            OpenApiParameter("sort", str, enum=["relevance", "updated", "new"]),
            OpenApiParameter("cursor", str, description="The `next` of the answer before."),
        ],
        responses={200: SearchSerializer, 400: PROBLEM},
    )
    def get(self, request: Request) -> Response:
        """Return a page of what matches and the actor may see."""
        # A filter that is misspelt and ignored would look as if it matched everything.
        if unknown := sorted(request.query_params.keys() - SEARCH_PARAMETERS):
            raise InvalidError(f"The search takes no {unknown[0]!r}.")
        offset = _offset(request.query_params.get("cursor", "0"))
        facets = {
            facet: frozenset(request.query_params.getlist(key)[:20])
            for key, facet in FACET_PARAMETERS.items()
        }
        asked = SearchRequest(
            text=request.query_params.get("q", ""),
            facets=facets,
            sort=request.query_params.get("sort", "relevance"),
            offset=offset,
            limit=PER_PAGE,
        )
        found = search(actor=self.actor, request=asked)
        more = offset + PER_PAGE
        body = {
            "results": cards_of(actor=self.actor, ids=found.ids),
            "next": str(more) if more < found.count else None,
            "count": found.count,
            "facets": {facet: dict(found.facets[facet]) for facet in FACETS},
        }
        return Response(SearchSerializer(body).data)


class ExtensionView(HubView):
    """One extension."""

    @extend_schema(operation_id="getExtension", responses={200: ExtensionSerializer, 404: PROBLEM})
    def get(self, request: Request, namespace: str, name: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Return the extension."""
        return answer_extension(self.actor, self.extension(namespace, name))

    @extend_schema(
        operation_id="editExtension",
        request=ExtensionChangesSerializer,
        responses={200: ExtensionSerializer, **WRITING},
    )
    def patch(self, request: Request, namespace: str, name: str) -> Response:
        """Change what the page says, or the visibility."""
        extension = self.extension(namespace, name)
        changes = ExtensionChangesSerializer(data=request.data)
        changes.is_valid(raise_exception=True)
        services.edit_extension(
            actor=self.actor, extension=extension, changes=changes.validated_data
        )
        return answer_extension(self.actor, extension)

    @extend_schema(operation_id="deleteExtension", responses=DELETING)
    def delete(self, request: Request, namespace: str, name: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Delete the extension; releases that others may rely on keep it."""
        services.delete_extension(actor=self.actor, extension=self.extension(namespace, name))
        return Response(status=204)


class ReleasesView(HubView):
    """The releases of an extension."""

    parser_classes = [MultiPartParser]

    @extend_schema(operation_id="listReleases", responses={200: ReleasesSerializer, 404: PROBLEM})
    def get(self, request: Request, namespace: str, name: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Return every release that the actor may see, the highest version first."""
        releases = selectors.releases_of(
            actor=self.actor, extension=self.extension(namespace, name)
        )
        return Response(ReleasesSerializer({"results": releases, "next": None}).data)

    @extend_schema(
        operation_id="publishRelease",
        request={"multipart/form-data": UploadSerializer},
        responses={202: ReleaseSerializer, **WRITING, 409: PROBLEM, 413: PROBLEM},
    )
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Reserve the version; a worker packs and judges the module."""
        upload = UploadSerializer(data=request.data)
        upload.is_valid(raise_exception=True)
        release = services.reserve_release(
            actor=self.actor, namespace=namespace, name=name, **upload.validated_data
        )
        return Response(ReleaseSerializer(release).data, status=202)


class ReleaseView(HubView):
    """One release."""

    @extend_schema(operation_id="getRelease", responses={200: ReleaseSerializer, 404: PROBLEM})
    def get(self, request: Request, namespace: str, name: str, version: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Return the release."""
        return Response(ReleaseSerializer(self.release(namespace, name, version)).data)

    @extend_schema(
        operation_id="yankRelease",
        request=ReleaseChangesSerializer,
        responses={200: ReleaseSerializer, **WRITING, 409: PROBLEM},
    )
    def patch(self, request: Request, namespace: str, name: str, version: str) -> Response:
        """Yank the release, or offer it again."""
        release = self.release(namespace, name, version)
        changes = ReleaseChangesSerializer(data=request.data)
        changes.is_valid(raise_exception=True)
        release = services.yank_release(
            actor=self.actor,
            extension=release.extension,
            version=release.version,
            reason=changes.validated_data["yanked"],
        )
        return Response(ReleaseSerializer(release).data)

    @extend_schema(operation_id="deleteRelease", responses=DELETING)
    def delete(self, request: Request, namespace: str, name: str, version: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Delete the release, unless others may rely on it."""
        release = self.release(namespace, name, version)
        services.delete_release(
            actor=self.actor, extension=release.extension, version=release.version
        )
        return Response(status=204)


class ManifestView(HubView):
    """A deploy manifest."""

    @extend_schema(
        operation_id="getManifest",
        parameters=[
            OpenApiParameter("target", str, "path", enum=sorted(manifests.RENDERERS)),
            OpenApiParameter("config", str, description="The plugin's configuration."),
            OpenApiParameter("port", int, description="envoy: the port to listen on."),
            OpenApiParameter("upstream", str, description="envoy: host:port to send requests to."),
            OpenApiParameter(
                "type", str, enum=["http", "network"], description="What the filter filters."
            ),
        ],
        responses={(200, "application/yaml"): OpenApiTypes.STR, 400: PROBLEM, 404: PROBLEM},
    )
    def get(
        self, request: Request, namespace: str, name: str, version: str, target: str
    ) -> HttpResponse:
        """Return the YAML that deploys the release to the target."""
        release = self.release(namespace, name, version)
        if target not in manifests.RENDERERS:
            known = ", ".join(sorted(manifests.RENDERERS))
            raise NotFoundError(f"There is no such target. The targets are: {known}.")
        if release.verdict != "passed":
            raise NotFoundError("Only a release that passed can be deployed.")
        try:
            yaml = render_manifest(
                release, target, _options(request), public_origin(request.get_host())
            )
        except (manifests.RenderError, RecursionError) as error:
            raise InvalidError(str(error)) from error
        return HttpResponse(yaml, content_type="application/yaml; charset=utf-8")


def _options(request: Request) -> manifests.Options:
    given: dict[str, Any] = {}
    if config := request.query_params.get("config"):
        given["config"] = config
    if upstream := request.query_params.get("upstream"):
        given["upstream"] = upstream
    if filter_type := request.query_params.get("type"):
        given["filter_type"] = filter_type
    if port := request.query_params.get("port"):
        if not port.isdecimal():
            raise InvalidError("The port is a number from 1 to 65535.")
        given["listen_port"] = int(port[:6])
    return manifests.Options(**given)


def _offset(cursor: str) -> int:
    if not cursor.isdecimal() or len(cursor) > 6:  # noqa: PLR2004 - the number is explained here
        raise InvalidError("This cursor is not one that the hub gave.")
    return int(cursor)
