"""The thing that people search for."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Self

from django.core.exceptions import ValidationError
from django.db import models

from accounts.models import Namespace
from core.policy import Permission, Visibility, allows

if TYPE_CHECKING:
    from core.actor import Actor

# Of the control and format characters (Unicode's Cc and Cf) only these say something in prose:
# tab, line feed, carriage return, the joiners of scripts and emoji, and a byte order mark.
HARMLESS = "\t\n\r\u200c\u200d\ufeff"

NAME_PATTERN = r"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$"

CATEGORIES = [
    ("auth", "Authentication"),
    ("observability", "Observability"),
    ("rate-limit", "Rate limiting"),
    ("security", "Security"),
    ("traffic", "Traffic"),
    ("transform", "Transformation"),
    ("other", "Other"),
]


def validate_shown(text: str) -> None:
    """
    Refuse characters that nobody sees and that turn or hide what is beside them.

    :raises ValidationError: there is one
    """
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cf"} and character not in HARMLESS:
            code = f"U+{ord(character):04X}"
            raise ValidationError(f"Take out the invisible character {code}.", code="invisible")


class ExtensionQuerySet(models.QuerySet["Extension"]):
    """Filters that the policy needs as one query."""

    def visible_to(self, actor: Actor) -> Self:
        """Keep what the actor may read: the policy's own rule, said in SQL."""
        if Permission.EXTENSION_READ not in actor.permissions:
            return self.none()
        mine = [
            name
            for name in actor.namespaces
            if allows(actor, Permission.EXTENSION_READ, namespace=name)
        ]
        open_to = [Visibility.PUBLIC.value]
        if actor.is_signed_in:
            open_to.append(Visibility.INTERNAL.value)
        visible = models.Q(visibility__in=open_to, listed__isnull=False)
        if mine:
            visible |= models.Q(namespace__name__in=mine, pushed__isnull=False)
        return self.filter(visible)


class Extension(models.Model):
    """
    ``<namespace>/<name>``: an OCI repository with a page.

    ``pushed`` is when the first manifest or upload was accepted; until then only the uploads that
    are under way know of the row, and nobody sees it. ``listed`` is when something first passed;
    until then only members see the extension, whatever its visibility.
    """

    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="extensions")
    name = models.CharField(max_length=100)
    visibility = models.CharField(
        max_length=10,
        choices=[(each.value, each.value.title()) for each in Visibility],
        default=Visibility.PRIVATE.value,
    )
    title = models.CharField(max_length=100, blank=True, default="", validators=[validate_shown])
    description = models.CharField(
        max_length=500, blank=True, default="", validators=[validate_shown]
    )
    readme = models.TextField(
        blank=True, default="", help_text="Markdown", validators=[validate_shown]
    )
    license = models.CharField(
        max_length=100,
        blank=True,
        default="",
        help_text="SPDX expression",
        validators=[validate_shown],
    )
    category = models.CharField(max_length=20, blank=True, default="", choices=CATEGORIES)
    source_url = models.URLField(max_length=300, blank=True, default="")
    homepage_url = models.URLField(max_length=300, blank=True, default="")
    documentation_url = models.URLField(max_length=300, blank=True, default="")
    created = models.DateTimeField(auto_now_add=True)
    pushed = models.DateTimeField(null=True)
    listed = models.DateTimeField(null=True)
    updated = models.DateTimeField(auto_now=True)

    objects = ExtensionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["namespace", "name"], name="extension_name_unique"),
            models.CheckConstraint(
                condition=models.Q(name__regex=NAME_PATTERN), name="extension_name_grammar"
            ),
            models.CheckConstraint(
                condition=models.Q(visibility__in=[each.value for each in Visibility]),
                name="extension_visibility_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.namespace.name}/{self.name}"


class SearchChange(models.Model):
    """
    One change that the search indexes have to follow.

    On PostgreSQL ids are not in the order of commits, so a reader must not pass over a
    transaction that is still open: ``transaction`` is its number there, and 0 on SQLite, where
    writers come one after another.
    """

    extension_id = models.BigIntegerField()
    transaction = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"change {self.pk} of extension {self.extension_id}"
