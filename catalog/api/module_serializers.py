"""The shapes of what the hub understands of a module; the fixed ones are DESIGN's."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from catalog.models import Conversion


class ImportOrExportSerializer(serializers.Serializer[Any]):
    """An import, or an export (which has no ``module``)."""

    module = serializers.CharField(required=False)
    name = serializers.CharField()
    kind = serializers.CharField()
    type = serializers.CharField()


class FactsSerializer(serializers.Serializer[Any]):
    """What reading the module says."""

    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=["module", "component", "invalid"])
    abi = serializers.CharField(allow_null=True)
    contexts = serializers.ListField(child=serializers.CharField())
    language = serializers.CharField(allow_null=True)
    sdk = serializers.CharField(allow_null=True)
    root_ids = serializers.ListField(child=serializers.CharField())
    imports = ImportOrExportSerializer(many=True)
    exports = ImportOrExportSerializer(many=True)
    capabilities = serializers.ListField(child=serializers.CharField())


class FactChangeSerializer(serializers.Serializer[Any]):
    """A fact that has another value now."""

    name = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class MovedNamesSerializer(serializers.Serializer[Any]):
    """What came to a list of names and what went."""

    gained = serializers.ListField(child=serializers.CharField())
    lost = serializers.ListField(child=serializers.CharField())


class MovedExternsSerializer(serializers.Serializer[Any]):
    """What came to the imports or exports and what went."""

    gained = ImportOrExportSerializer(many=True)
    lost = ImportOrExportSerializer(many=True)


class ComparisonSerializer(serializers.Serializer[Any]):
    """What changes between the modules of two releases."""

    same = serializers.BooleanField(help_text="The modules have the same bytes.")
    facts = FactChangeSerializer(many=True)
    capabilities = MovedNamesSerializer()
    contexts = MovedNamesSerializer()
    root_ids = MovedNamesSerializer()
    imports = MovedExternsSerializer()
    exports = MovedExternsSerializer()


class FindingSerializer(serializers.Serializer[Any]):
    """One checked statement."""

    id = serializers.CharField()
    severity = serializers.ChoiceField(choices=["note", "warning", "error"])
    message = serializers.CharField()
    where = serializers.CharField()
    help = serializers.CharField()


class ProvenSerializer(serializers.Serializer[Any]):
    """What a real Envoy did with the module."""

    version = serializers.CharField()
    loads = serializers.BooleanField()
    log = serializers.CharField(help_text="The line that decided; empty when it loaded.")


class CompatibilitySerializer(serializers.Serializer[Any]):
    """Whether one release of a proxy loads the module."""

    proxy = serializers.CharField()
    version = serializers.CharField()
    loads = serializers.BooleanField(
        allow_null=True, help_text="null: assumed, for nothing proves what this release offers"
    )
    missing = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField()
    disputed = serializers.BooleanField(help_text="The real proxy contradicts what was computed.")
    proven = ProvenSerializer(allow_null=True)


class CapabilitySerializer(serializers.Serializer[Any]):
    """One thing that a module can do."""

    name = serializers.CharField()
    sentence = serializers.CharField()


class CapabilitiesSerializer(serializers.Serializer[Any]):
    """What a module can do, and the configuration that allows just that."""

    capabilities = CapabilitySerializer(many=True)
    restriction = serializers.JSONField(
        help_text="Envoy's capability_restriction_config with nothing but what it imports."
    )


class LoaderSerializer(serializers.Serializer[Any]):
    """Whether one program loads an image; null when that is not known."""

    name = serializers.CharField()
    title = serializers.CharField()
    loads = serializers.BooleanField(allow_null=True)
    reason = serializers.CharField()


class FormSerializer(serializers.Serializer[Any]):
    """An image that the hub packed of the same module; a tag that would be too long is null."""

    form = serializers.ChoiceField(choices=Conversion.Form.choices)
    tag = serializers.CharField(allow_null=True)
    digest = serializers.CharField()


class PackagingSerializer(serializers.Serializer[Any]):
    """The form of an image, who loads it, and the other forms of its module."""

    form = serializers.CharField(allow_null=True)
    letter = serializers.CharField(allow_null=True, help_text="As in the image specification.")
    title = serializers.CharField(allow_null=True)
    loaders = LoaderSerializer(many=True)
    pinned = serializers.CharField(allow_null=True, help_text="The digest for deploy manifests.")
    forms = FormSerializer(many=True)
