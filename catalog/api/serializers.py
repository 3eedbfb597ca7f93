"""Shapes of the REST API. DESIGN.md fixes those of releases, facts and findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from catalog.models import Conversion, Creation, Extension
from core.policy import Visibility

if TYPE_CHECKING:
    from catalog.models import Release

Validated = dict[str, Any]


class CardSerializer(serializers.Serializer[Any]):
    """An extension in a list."""

    path = serializers.CharField()
    namespace = serializers.CharField()
    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    url = serializers.CharField()
    visibility = serializers.CharField()
    license = serializers.CharField()
    category = serializers.CharField(source="category_label")
    version = serializers.CharField(allow_null=True)
    verdict = serializers.CharField(allow_null=True)
    abi = serializers.CharField(allow_null=True)
    language = serializers.CharField(allow_null=True)
    contexts = serializers.ListField(child=serializers.CharField())
    updated = serializers.DateTimeField()


class SearchSerializer(serializers.Serializer[Any]):
    """A page of search results."""

    results = CardSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Pass it as ?cursor= for more.")
    count = serializers.IntegerField()
    facets = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()),
        help_text="For each facet, how many match each value.",
    )


class ReleaseSerializer(serializers.Serializer[Any]):
    """A release; its digests are null until a worker has packed it."""

    version = serializers.CharField()
    digest = serializers.CharField(allow_null=True, help_text="The manifest digest.")
    module_sha256 = serializers.CharField(allow_null=True)
    verdict = serializers.ChoiceField(choices=["pending", "passed", "failed", "quarantined"])
    created = serializers.DateTimeField()
    yanked = serializers.CharField(allow_null=True, help_text="Why it is no longer offered.")

    def to_representation(self, instance: Release) -> Validated:
        """Join the release with its manifest and module."""
        manifest = instance.manifest
        module = manifest.module if manifest else None
        return {
            "version": instance.version,
            "digest": manifest.digest if manifest else None,
            "module_sha256": module.sha256 if module else None,
            "verdict": instance.verdict,
            "created": serializers.DateTimeField().to_representation(instance.created),
            "yanked": instance.yanked or None,
        }


class ReleasesSerializer(serializers.Serializer[Any]):
    """The releases of an extension, the highest version first."""

    results = ReleaseSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class ExtensionSerializer(serializers.ModelSerializer[Extension]):
    """An extension with what its page says."""

    namespace = serializers.CharField(source="namespace.name", read_only=True)
    latest = serializers.SerializerMethodField()

    class Meta:
        model = Extension
        fields = [
            "namespace",
            "name",
            "title",
            "description",
            "visibility",
            "license",
            "category",
            "source_url",
            "homepage_url",
            "documentation_url",
            "readme",
            "created",
            "updated",
            "latest",
        ]

    def get_latest(self, instance: Extension) -> str | None:  # noqa: ARG002 - the signature is the framework's
        """Return the version that stands for the extension."""
        newest = self.context.get("newest")
        return str(newest.version) if newest else None


class StrictSerializer(serializers.Serializer[Any]):
    """Input that refuses what is no field, so that a typing slip is not taken for success."""

    def validate(self, attrs: Validated) -> Validated:
        unknown = sorted(set(self.initial_data) - set(self.fields))
        if unknown:
            raise serializers.ValidationError({name[:100]: "Unknown field." for name in unknown})
        return attrs


class ExtensionChangesSerializer(StrictSerializer):
    """What a PATCH may change; a field that is left out keeps its value."""

    title = serializers.CharField(required=False, allow_blank=True, max_length=100)
    description = serializers.CharField(required=False, allow_blank=True, max_length=500)
    readme = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    visibility = serializers.ChoiceField(
        choices=[each.value for each in Visibility], required=False
    )
    license = serializers.CharField(required=False, allow_blank=True, max_length=100)
    category = serializers.CharField(required=False, allow_blank=True, max_length=20)
    source_url = serializers.URLField(required=False, allow_blank=True, max_length=300)
    homepage_url = serializers.URLField(required=False, allow_blank=True, max_length=300)
    documentation_url = serializers.URLField(required=False, allow_blank=True, max_length=300)


class RenameSerializer(StrictSerializer):
    """Another name in the same namespace."""

    name = serializers.CharField(max_length=100)


class TransferSerializer(StrictSerializer):
    """Another namespace, which the one who asks owns too."""

    namespace = serializers.CharField(max_length=77)


class ReleaseChangesSerializer(StrictSerializer):
    """What a PATCH may change of a release."""

    yanked = serializers.CharField(
        allow_null=True,
        max_length=300,
        help_text="Why it is no longer offered, in a sentence; null offers it again.",
    )


class RulesSerializer(StrictSerializer):
    """What the owners of a namespace rule for its extensions; null is no limit."""

    quota_bytes = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=2**63 - 1
    )
    quota_extensions = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=2**31 - 1
    )
    protected_tags = serializers.ListField(
        child=serializers.CharField(max_length=128),
        required=False,
        max_length=50,
        help_text="Patterns with * and ?: only owners push, move or delete such tags.",
    )
    creation = serializers.ChoiceField(
        choices=Creation.choices,
        required=False,
        help_text="What a push to a name that does not exist makes.",
    )


class UploadSerializer(serializers.Serializer[Any]):
    """A module to publish, as multipart/form-data."""

    module = serializers.FileField(allow_empty_file=True)
    version = serializers.CharField(max_length=128)
    description = serializers.CharField(
        required=False, allow_blank=True, max_length=500, default=""
    )
    visibility = serializers.ChoiceField(
        choices=[each.value for each in Visibility],
        required=False,
        help_text="For a new name only, else as its namespace rules; an existing extension keeps "
        "its own.",
    )


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


class ProblemSerializer(serializers.Serializer[Any]):
    """An error, as RFC 9457 has it."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
