"""What a namespace's owners ruled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.models import NamespaceRules
from core.policy import Permission, require

if TYPE_CHECKING:
    from core.actor import Actor


def rules_of(namespace: str) -> NamespaceRules:
    """Return the rules of a namespace, for services; where nothing was ruled, there are none."""
    return NamespaceRules.objects.filter(namespace__name=namespace).first() or NamespaceRules()


def get_rules(*, actor: Actor, namespace: str) -> NamespaceRules:
    """
    Return the rules to those who are bound by them.

    :raises NotFoundError: the actor is no member
    """
    require(actor, Permission.EXTENSION_PUBLISH, namespace=namespace)
    return rules_of(namespace)
