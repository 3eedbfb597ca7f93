"""What a namespace's owners rule for all its extensions: quotas, tags, new names."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import Namespace
from catalog.errors import QuotaExceededError
from catalog.models import Creation, Extension, NamespaceRules
from catalog.selectors.rules import rules_of
from core import audit
from core.errors import InvalidError, NotAllowedError, NotFoundError
from core.policy import Permission, Visibility, require
from wasmhub.oci import Version, is_release_tag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.db.models import Field

    from core.actor import Actor

EDITABLE = ("quota_bytes", "quota_extensions", "protected_tags", "creation")


@transaction.atomic
def edit_rules(*, actor: Actor, namespace: str, changes: Mapping[str, object]) -> NamespaceRules:
    """
    Change what an owner may rule for a namespace.

    :raises InvalidError: a rule is outside its bounds; ``detail`` names the fields
    :raises NotFoundError: the actor may not know who rules there
    :raises NotAllowedError: the actor is a member, but no owner
    """
    require(actor, Permission.NAMESPACE_EDIT_RULES, namespace=namespace)
    holder = Namespace.objects.filter(name=namespace).first()
    if holder is None:
        raise NotFoundError("Nobody here has this name.")
    rules, _ = NamespaceRules.objects.get_or_create(namespace=holder)
    wanted = _checked({name: changes[name] for name in EDITABLE if name in changes})
    wanted = {name: value for name, value in wanted.items() if value != getattr(rules, name)}
    for name, value in wanted.items():
        setattr(rules, name, value)
    if wanted:
        rules.save(update_fields=list(wanted))
        audit.record(actor, "namespace.rules-edited", namespace, **wanted)
    return rules


def _checked(changes: Mapping[str, object]) -> dict[str, object]:
    checked: dict[str, object] = {}
    problems: dict[str, list[str]] = {}
    for name, value in changes.items():
        field = cast("Field[Any, Any]", NamespaceRules._meta.get_field(name))  # noqa: SLF001 - Django's documented _meta
        try:
            checked[name] = field.clean(value, None)
        except ValidationError as error:
            problems[name] = error.messages
    if problems:
        sentence = " ".join(f"{name}: {' '.join(texts)}" for name, texts in problems.items())
        raise InvalidError(sentence, fields=problems)
    return checked


def check_tag(*, actor: Actor, extension: Extension, tag: str) -> None:
    """
    Check that the actor may give, move or take away this tag.

    :raises NotAllowedError: it is protected, and the actor is no owner
    """
    namespace = extension.namespace.name
    for pattern in rules_of(namespace).protected_tags:
        if any(fnmatchcase(name, pattern) for name in _spellings(tag)):
            try:
                require(actor, Permission.EXTENSION_MANAGE, namespace=namespace)
            except NotAllowedError as error:
                raise NotAllowedError(
                    f"Only an owner of {namespace} may push, move or take away tags that match "
                    f"“{pattern}”.",
                    tag=tag,
                ) from error


def _spellings(tag: str) -> set[str]:
    """Return how else the same release may be written: no spelling gets around a rule."""
    if not is_release_tag(tag):
        return {tag}
    version = str(Version.parse(tag))
    return {tag, version, f"v{version}"}


def visibility_of_new(*, actor: Actor, namespace: str, asked: str | None) -> str:
    """
    Return who sees a new extension: as it was asked for, else as the namespace rules.

    Where new names are forbidden, an owner who asks for one on purpose, by saying who sees it,
    still gets it; a push never does.

    :raises NotAllowedError: the namespace's rules forbid it
    """
    creation = rules_of(namespace).creation
    if creation == Creation.FORBIDDEN.value:
        refusal = NotAllowedError(
            f"The rules of {namespace} let no push make an extension. An owner can make it with "
            "an upload, or change the rule.",
            rule="creation",
        )
        if asked is None:
            raise refusal
        try:
            require(actor, Permission.EXTENSION_MANAGE, namespace=namespace)
        except NotAllowedError:
            raise refusal from None
    if asked is not None:
        return asked
    public = creation == Creation.PUBLIC.value
    return (Visibility.PUBLIC if public else Visibility.PRIVATE).value


def check_room(namespace: Namespace) -> None:
    """
    Check that the namespace may have one more extension; hold its names meanwhile.

    :raises QuotaExceededError: it has as many as its rules let it
    """
    most = rules_of(namespace.name).quota_extensions
    if most is not None and Extension.objects.filter(namespace=namespace).count() >= most:
        raise QuotaExceededError(
            f"{namespace.name} has the {most} extensions that its rules let it have. Delete one, "
            "or ask an owner for more.",
            quota=most,
        )


def check_quota(namespace: str, adding_bytes: int, used_bytes: int | Callable[[], int]) -> None:
    """
    Check that the namespace may hold so many more bytes.

    ``used_bytes`` may be a function: it is called only where there is a quota.

    :raises QuotaExceededError: they are too many
    """
    most = rules_of(namespace).quota_bytes
    if most is None:
        return
    used = used_bytes() if callable(used_bytes) else used_bytes
    if used + adding_bytes > most:
        raise QuotaExceededError(
            f"{namespace} holds {used} of the {most} bytes that its rules let it hold: "
            f"{adding_bytes} more are too many. Delete something, or ask an owner for more.",
            quota=most,
            used=used,
        )
