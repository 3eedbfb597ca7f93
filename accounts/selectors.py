"""What pages and other rooms read about people and organizations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import AccessToken, Membership, Namespace, Organization
from core.errors import NotFoundError
from core.policy import Permission, allows, require

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from core.actor import Actor


def get_namespace(name: str) -> Namespace:
    """
    Return the namespace with its holder.

    :raises NotFoundError: nobody has the name
    """
    namespace = (
        Namespace.objects.select_related("user", "organization").filter(name=name.lower()).first()
    )
    if namespace is None:
        raise NotFoundError("Nobody here has this name.")
    return namespace


def get_organization(name: str) -> Organization:
    """
    Return the organization of this name.

    :raises NotFoundError: no organization has the name
    """
    organization = (
        Organization.objects.select_related("namespace").filter(namespace__name=name).first()
    )
    if organization is None:
        raise NotFoundError("There is no organization of this name.")
    return organization


def members_of(*, actor: Actor, organization: Organization) -> QuerySet[Membership]:
    """
    Return the members, owners first, to those who may know them.

    :raises NotFoundError: the actor is no member
    """
    require(actor, Permission.ORGANIZATION_READ_MEMBERS, namespace=organization.namespace.name)
    return organization.memberships.select_related("user").order_by("-role", "user__username")


def access_tokens_of(actor: Actor) -> QuerySet[AccessToken]:
    """Return the actor's access tokens that were not revoked, newest first."""
    return AccessToken.objects.filter(user_id=actor.account, revoked__isnull=True)


def publishing_namespaces(actor: Actor) -> list[str]:
    """Return the names under which the actor may publish, their own first."""
    names = [
        name
        for name in actor.namespaces
        if allows(actor, Permission.EXTENSION_PUBLISH, namespace=name)
    ]
    return sorted(names, key=lambda name: (name != actor.name, name))


def organizations_of(actor: Actor) -> list[dict[str, str]]:
    """Return name, display name and role of each organization that the actor belongs to."""
    memberships = Membership.objects.filter(user_id=actor.account).select_related(
        "organization__namespace"
    )
    return [
        {
            "name": membership.organization.namespace.name,
            "display_name": membership.organization.display_name,
            "role": membership.role,
        }
        for membership in memberships.order_by("organization__namespace__name")
    ]
