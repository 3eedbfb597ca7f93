"""People, organizations and the names they hold, membership, access tokens."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower

from core.policy import Role

NAMESPACE_PATTERN = r"^[a-z0-9](-?[a-z0-9]){1,38}$"


class User(AbstractUser):
    """A person. Their user name is also the name of their namespace."""

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(Lower("username"), name="username_unique_without_case"),
        ]

    def __str__(self) -> str:
        return self.username


class Organization(models.Model):
    """A group of people who publish under one name."""

    display_name = models.CharField(max_length=100)
    description = models.CharField(max_length=300, blank=True, default="")
    website = models.URLField(blank=True, default="")
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.display_name


class Namespace(models.Model):
    """One name of the flat space, held by a person or by an organization."""

    name = models.CharField(max_length=77, unique=True)
    user = models.OneToOneField(User, null=True, on_delete=models.PROTECT, related_name="namespace")
    organization = models.OneToOneField(
        Organization, null=True, on_delete=models.PROTECT, related_name="namespace"
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=True) ^ models.Q(organization__isnull=True),
                name="namespace_has_one_holder",
            ),
            models.CheckConstraint(
                condition=models.Q(name__regex=NAMESPACE_PATTERN), name="namespace_grammar"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_organization(self) -> bool:
        return self.organization_id is not None

    @property
    def display_name(self) -> str:
        """What a page calls the holder."""
        if self.organization is not None:
            return self.organization.display_name
        return (self.user.get_full_name() if self.user else "") or self.name


class Membership(models.Model):
    """What a person is in an organization."""

    ROLES = [(Role.MEMBER.value, "Member"), (Role.OWNER.value, "Owner")]

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=ROLES)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="one_role_per_member"),
            models.CheckConstraint(
                condition=models.Q(role__in=[Role.MEMBER.value, Role.OWNER.value]),
                name="membership_role_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization} ({self.role})"


class AccessToken(models.Model):
    """A secret that stands for its owner in a client. Only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12, help_text="the first characters, to tell tokens apart")
    scopes = models.JSONField(default=list)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True)
    last_used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"
