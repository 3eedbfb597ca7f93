"""Open an extension for pushing, and edit its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import Namespace
from catalog.models import Extension
from catalog.services.following import note_change
from core import audit
from core.errors import InvalidError, NameInvalidError
from core.policy import Permission, Visibility, require
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
    *, actor: Actor, namespace: str, name: str, visibility: str = Visibility.PRIVATE.value
) -> Extension:
    """
    Return the extension to push to; a name that does not exist yet is made, private by default.

    ``visibility`` is for a new name only: an existing extension keeps its own.

    :raises NameInvalidError: the name is outside the grammar
    :raises NotFoundError: the actor may not know of the namespace or the extension
    :raises NotAllowedError: the actor may read, but not publish
    """
    try:
        Repository(namespace, name)
    except InvalidNameError as error:
        raise NameInvalidError(str(error)) from error
    extension = (
        Extension.objects.select_related("namespace")
        .filter(namespace__name=namespace, name=name)
        .first()
    )
    seen_as = extension.visibility if extension and extension.listed else Visibility.PRIVATE.value
    require(actor, Permission.EXTENSION_PUBLISH, namespace=namespace, visibility=seen_as)
    if extension is not None:
        return extension
    if visibility not in {each.value for each in Visibility}:
        raise InvalidError("A visibility is public, internal or private.")
    return _create(actor, namespace, name, visibility)


def _create(actor: Actor, namespace: str, name: str, visibility: str) -> Extension:
    with transaction.atomic():
        extension, created = Extension.objects.select_related("namespace").get_or_create(
            namespace=Namespace.objects.get(name=namespace),
            name=name,
            defaults={"visibility": visibility},
        )
        if created:
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
