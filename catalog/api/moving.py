"""Names and rules: rename, transfer, and what the owners of a namespace rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from catalog import selectors, services
from catalog.api.answers import PROBLEM, WRITING, answer_extension
from catalog.api.serializers import (
    ExtensionSerializer,
    RenameSerializer,
    RulesSerializer,
    TransferSerializer,
)
from catalog.api.views import HubView

if TYPE_CHECKING:
    from rest_framework.request import Request


class RenameView(HubView):
    """Another name for an extension."""

    @extend_schema(
        operation_id="renameExtension",
        request=RenameSerializer,
        responses={200: ExtensionSerializer, **WRITING, 409: PROBLEM},
    )
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Rename the extension; the old name keeps leading to it."""
        extension = self.extension(namespace, name)
        wanted = RenameSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        moved = services.rename_extension(
            actor=self.actor, extension=extension, name=wanted.validated_data["name"]
        )
        return answer_extension(self.actor, moved)


class TransferView(HubView):
    """Another namespace for an extension."""

    @extend_schema(
        operation_id="transferExtension",
        request=TransferSerializer,
        responses={200: ExtensionSerializer, **WRITING, 409: PROBLEM},
    )
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Transfer the extension to a namespace that its owner owns too."""
        extension = self.extension(namespace, name)
        wanted = TransferSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        moved = services.transfer_extension(
            actor=self.actor, extension=extension, namespace=wanted.validated_data["namespace"]
        )
        return answer_extension(self.actor, moved)


class RulesView(HubView):
    """What the owners of a namespace rule for its extensions."""

    @extend_schema(operation_id="getRules", responses={200: RulesSerializer, 404: PROBLEM})
    def get(self, request: Request, namespace: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Return the rules to the members."""
        rules = selectors.get_rules(actor=self.actor, namespace=namespace)
        return Response(RulesSerializer(rules).data)

    @extend_schema(
        operation_id="editRules",
        request=RulesSerializer,
        responses={200: RulesSerializer, **WRITING},
    )
    def patch(self, request: Request, namespace: str) -> Response:
        """Change some of the rules; only an owner may."""
        selectors.get_rules(actor=self.actor, namespace=namespace)
        changes = RulesSerializer(data=request.data)
        changes.is_valid(raise_exception=True)
        rules = services.edit_rules(
            actor=self.actor, namespace=namespace, changes=changes.validated_data
        )
        return Response(RulesSerializer(rules).data)
