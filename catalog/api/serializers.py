"""Shapes of the REST API. DESIGN.md fixes those of releases, facts and findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from catalog.models import Creation, Extension
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


class ProblemSerializer(serializers.Serializer[Any]):
    """An error, as RFC 9457 has it."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
