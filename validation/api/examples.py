"""Examples by REST: trials that an author keeps, and how each release did on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from catalog.api.answers import DELETING, PROBLEM, WRITING
from catalog.api.views import HubView
from catalog.selectors.examples import example_runs, examples_of, get_example
from catalog.services import delete_example
from validation.api.serializers import (
    ExampleChangesSerializer,
    ExampleRunsSerializer,
    ExampleSerializer,
    ExamplesSerializer,
    NewExampleSerializer,
)
from validation.rates import check_trial_rate
from validation.services import save_example

if TYPE_CHECKING:
    from rest_framework.request import Request


class ExamplesView(HubView):
    """The examples of an extension."""

    @extend_schema(operation_id="listExamples", responses={200: ExamplesSerializer, 404: PROBLEM})
    def get(self, request: Request, namespace: str, name: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Return every example of the extension, by name."""
        rows = examples_of(extension=self.extension(namespace, name))
        return Response(ExamplesSerializer({"results": rows, "next": None}).data)

    @extend_schema(
        operation_id="createExample",
        request=NewExampleSerializer,
        responses={201: ExampleSerializer, **WRITING, 409: PROBLEM, 429: PROBLEM},
    )
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Keep a trial as an example; each release is run on it from now on."""
        extension = self.extension(namespace, name)
        wanted = NewExampleSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        check_trial_rate(request._request)  # noqa: SLF001 - it has the actor
        row, _ = save_example(actor=self.actor, extension=extension, **wanted.validated_data)
        return Response(ExampleSerializer(row).data, status=201)


class ExampleView(HubView):
    """One example."""

    @extend_schema(operation_id="getExample", responses={200: ExampleSerializer, 404: PROBLEM})
    def get(self, request: Request, namespace: str, name: str, example: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Return the example."""
        row = get_example(extension=self.extension(namespace, name), name=example)
        return Response(ExampleSerializer(row).data)

    @extend_schema(
        operation_id="saveExample",
        request=ExampleChangesSerializer,
        responses={200: ExampleSerializer, **WRITING, 409: PROBLEM, 429: PROBLEM},
    )
    def put(self, request: Request, namespace: str, name: str, example: str) -> Response:
        """Make the example, or replace it; what it runs or expects is then run anew."""
        extension = self.extension(namespace, name)
        wanted = ExampleChangesSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        check_trial_rate(request._request)  # noqa: SLF001 - it has the actor
        row, _ = save_example(
            actor=self.actor,
            extension=extension,
            name=example,
            replace=True,
            **wanted.validated_data,
        )
        return Response(ExampleSerializer(row).data)

    @extend_schema(operation_id="deleteExample", responses=DELETING)
    def delete(self, request: Request, namespace: str, name: str, example: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Delete the example and its results."""
        extension = self.extension(namespace, name)
        delete_example(actor=self.actor, extension=extension, name=example)
        return Response(status=204)


class ExampleRunsView(HubView):
    """How a release did on the examples."""

    @extend_schema(
        operation_id="getExampleRuns", responses={200: ExampleRunsSerializer, 404: PROBLEM}
    )
    def get(self, request: Request, namespace: str, name: str, version: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Return every example, and whether the release passed it."""
        runs = example_runs(release=self.release(namespace, name, version))
        return Response(ExampleRunsSerializer({"results": runs, "next": None}).data)
