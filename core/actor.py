"""Who asks: a person, an access token, or nobody in particular."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from core.errors import NotSignedInError
from core.policy import SCOPES, Permission, Role, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Actor:
    """
    One who asks, with everything that decides what they get.

    ``roles`` maps a namespace to the role held there; ``permissions`` is what the credential can
    carry at most, whatever the roles say; ``name`` is the person's, empty for nobody.
    """

    user_id: int | None = None
    name: str = ""
    roles: Mapping[str, Role] = field(default_factory=lambda: MappingProxyType({}))
    permissions: frozenset[Permission] = frozenset(Permission)

    def role_in(self, namespace: str) -> Role:
        return self.roles.get(namespace, Role.STRANGER)

    @property
    def namespaces(self) -> list[str]:
        """Every namespace in which the actor is somebody, in alphabetical order."""
        return sorted(self.roles)

    @property
    def is_signed_in(self) -> bool:
        return self.user_id is not None

    @property
    def account(self) -> int:
        """
        Return the key of the person's account.

        :raises NotSignedInError: nobody in particular is asking
        """
        if self.user_id is None:
            raise NotSignedInError("Sign in, or send an access token, to do this.")
        return self.user_id


ANONYMOUS = Actor()


def permissions_of(scopes: Iterable[str]) -> frozenset[Permission]:
    """Return what the scopes of an access token carry; unknown ones carry nothing."""
    carried = {each.value: SCOPES[each] for each in Scope}
    return frozenset().union(*(carried.get(scope, frozenset()) for scope in scopes))
