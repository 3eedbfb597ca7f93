"""Open an extension for pushing, and edit its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.core.exceptions import ValidationError
from django.db import transaction

from catalog.models import Extension
from catalog.selectors import find_extension, may_publish, where
from catalog.services.following import note_change
from catalog.services.holding import hold_names
from catalog.services.names import take_name
from catalog.services.rules import visibility_of_new
from core import audit
from core.errors import InvalidError, NameInvalidError, NameTakenError
from core.policy import Permission, Visibility, allows, require
from wasmhub.oci import InvalidNameError, Repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Field

    from core.actor import Actor

EDITABLE = (
    "title",
    "description",
    "readme",
    "license",
    "category",
    "source_url",
    "homepage_url",
    "documentation_url",
)
README_LIMIT = 512 * 1024


def open_extension(
    *, actor: Actor, namespace: str, name: str, visibility: str | None = None
) -> Extension:
    """
    Return the extension to push to; a name that does not exist yet is made.

    A name that an extension had before means that extension, with its rights. ``visibility`` is
    for a new name only, and as the namespace rules (else private) unless it is given: an existing
    extension keeps its own.

    :raises NameInvalidError: the name is outside the grammar
    :raises NotFoundError: the actor may not know of the namespace or the extension
    :raises NotAllowedError: the actor may read, but not publish, or not make this name
    :raises NameTakenError: the name went along with an extension that is none of the actor's
    :raises QuotaExceededError: the namespace has as many extensions as its rules let it
    """
    extension = find_to_publish(actor=actor, namespace=namespace, name=name)
    if extension is not None:
        return extension
    if visibility not in {None, *Visibility}:
        raise InvalidError("A visibility is public, internal or private.")
    return _create(actor, namespace, name, visibility)


def find_to_publish(*, actor: Actor, namespace: str, name: str) -> Extension | None:
    """
    Return the extension that has the name or had it before; None when it may be made.

    :raises HubError: the actor may not publish there: see ``open_extension``
    """
    try:
        Repository(namespace, name)
    except InvalidNameError as error:
        raise NameInvalidError(str(error)) from error
    extension = find_extension(namespace, name)
    if extension is None:
        require(actor, Permission.EXTENSION_PUBLISH, namespace=namespace)
        return None
    if not may_publish(actor, extension) and _left(actor, extension, namespace):
        raise NameTakenError(f"{namespace}/{name} is the old name of another extension.")
    require(actor, Permission.EXTENSION_PUBLISH, **where(extension))
    return extension


def _left(actor: Actor, extension: Extension, namespace: str) -> bool:
    """Test that the extension left a namespace where the actor publishes."""
    elsewhere = extension.namespace.name != namespace
    return elsewhere and allows(actor, Permission.EXTENSION_PUBLISH, namespace=namespace)


@transaction.atomic
def _create(actor: Actor, namespace: str, name: str, visibility: str | None) -> Extension:
    holder = hold_names([namespace])[namespace]
    existing = find_to_publish(actor=actor, namespace=namespace, name=name)
    if existing is not None:
        return existing
    visibility = visibility_of_new(actor=actor, namespace=namespace, asked=visibility)
    take_name(actor=actor, namespace=holder, name=name)
    extension = Extension.objects.create(namespace=holder, name=name, visibility=visibility)
    audit.record(actor, "extension.created", str(extension), visibility=visibility)
    return extension


@transaction.atomic
def edit_extension(*, actor: Actor, extension: Extension, changes: Mapping[str, str]) -> Extension:
    """
    Change what the page says of the extension, or who may see it.

    :raises InvalidError: a field breaks its rule; ``detail`` names the fields
    :raises NotAllowedError: the actor may read, but not edit, or not change the visibility
    """
    where = {"namespace": extension.namespace.name, "visibility": extension.visibility}
    require(actor, Permission.EXTENSION_EDIT, **where)
    before = {field: getattr(extension, field) for field in changes}
    wanted = {field: value for field, value in changes.items() if value != before[field]}
    if "visibility" in wanted:
        require(actor, Permission.EXTENSION_SET_VISIBILITY, **where)
    if not wanted:
        return extension
    for field, value in wanted.items():
        setattr(extension, field, value)
    _check(extension, list(wanted))
    extension.save(update_fields=[*wanted, "updated"])
    audit.record(actor, "extension.edited", str(extension), **_audited(wanted))
    note_change(extension.pk)
    return extension


def check_field(name: str, value: str) -> None:
    """
    Check what the page would say in one field.

    :raises InvalidError: it breaks the field's rule
    """
    field = cast("Field[str, str]", Extension._meta.get_field(name))  # noqa: SLF001 - Django's documented _meta
    try:
        field.clean(value, None)
    except ValidationError as error:
        sentence = f"{name}: {' '.join(error.messages)}"
        raise InvalidError(sentence, fields={name: error.messages}) from error


def _check(extension: Extension, fields: list[str]) -> None:
    if len(extension.readme.encode()) > README_LIMIT:
        raise InvalidError("A README may have 512 KiB.", fields={"readme": ["Too long."]})
    others = [field.name for field in extension._meta.fields if field.name not in fields]  # noqa: SLF001 - Django's documented _meta
    try:
        extension.clean_fields(exclude=others)
    except ValidationError as error:
        problems = error.message_dict
        sentence = " ".join(f"{field}: {' '.join(texts)}" for field, texts in problems.items())
        raise InvalidError(sentence, fields=problems) from error


def _audited(changes: Mapping[str, str]) -> dict[str, str]:
    """Say which fields changed; of a long text the log needs no copy."""
    return {
        field: value if field == "visibility" else "changed" for field, value in changes.items()
    }
