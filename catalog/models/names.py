"""Names that an extension no longer goes by, and what a namespace's owners ruled."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.db import models

from accounts.models import Namespace
from catalog.models.extensions import Extension

PATTERNS = 50
_PATTERN = re.compile(r"[A-Za-z0-9_.*?-]{1,128}")


def validate_patterns(value: object) -> None:
    """
    Take a list of glob patterns for tags.

    :raises ValidationError: it is none, or has too many
    """
    if not isinstance(value, list) or len(value) > PATTERNS:
        raise ValidationError(f"Give a list of at most {PATTERNS} patterns.", code="list")
    for each in value:
        if not isinstance(each, str) or not _PATTERN.fullmatch(each):
            raise ValidationError(
                "A pattern has 1 to 128 characters: those of a tag, and * and ?.", code="pattern"
            )


class Alias(models.Model):
    """
    A name that an extension had before: it is still answered, and nobody else gets it.

    ``extension`` is null once that was deleted; the name is then retired, and only owners of the
    namespace can use it again. The namespace is text: a name outlives whoever holds it.
    """

    namespace = models.CharField(max_length=77)
    name = models.CharField(max_length=100)
    extension = models.ForeignKey(
        Extension, null=True, on_delete=models.SET_NULL, related_name="aliases"
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["namespace", "name"], name="alias_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class Creation(models.TextChoices):
    """What a push to a name that does not exist makes."""

    PRIVATE = "private", "A private extension"
    PUBLIC = "public", "A public extension"
    FORBIDDEN = "forbidden", "Nothing: it is refused"


class NamespaceRules(models.Model):
    """What the owners of a namespace ruled for all its extensions; no row is no rule."""

    namespace = models.OneToOneField(Namespace, on_delete=models.CASCADE, related_name="rules")
    quota_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    quota_extensions = models.PositiveIntegerField(null=True, blank=True)
    protected_tags = models.JSONField(default=list, blank=True, validators=[validate_patterns])
    creation = models.CharField(
        max_length=10, choices=Creation.choices, default=Creation.PRIVATE.value
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(creation__in=Creation.values), name="creation_known"
            ),
        ]

    def __str__(self) -> str:
        return f"rules of {self.namespace}"
