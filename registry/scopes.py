"""What a client asks a token for: ``repository:acme/jwt:pull,push``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.policy import Permission
from wasmhub.oci import InvalidNameError, Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PULL, PUSH, DELETE = "pull", "push", "delete"
PERMISSIONS: Mapping[str, Permission] = {
    PULL: Permission.EXTENSION_READ,
    PUSH: Permission.EXTENSION_PUBLISH,
    DELETE: Permission.EXTENSION_PUBLISH,
}
# A token travels in one header, and whoever asks for less than everything still gets an answer.
MOST = 20


def parse_scopes(values: Iterable[str]) -> dict[Repository, frozenset[str]]:
    """
    Read scope parameters, each of which may hold several scopes.

    What names no repository of ours is passed over: a smaller token is still a token.
    """
    asked: dict[Repository, frozenset[str]] = {}
    for scope in " ".join(values).split():
        # A name may hold a colon, as in host:port/name: cut at the first and the last one.
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        if kind.partition("(")[0] != "repository":
            continue
        try:
            repository = Repository.parse(name)
        except InvalidNameError:
            continue
        wanted = set(actions.split(","))
        known = frozenset(PERMISSIONS if "*" in wanted else wanted & set(PERMISSIONS))
        asked[repository] = asked.get(repository, frozenset()) | known
    return dict(list(asked.items())[:MOST])


def scope_of(repository: Repository, action: str) -> str:
    """Write the scope that a request needs; who pushes also looks at what is there."""
    actions = {PUSH: "pull,push"}.get(action, action)
    return f"repository:{repository}:{actions}"
