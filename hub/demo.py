"""The demo data: who there is, and how the example filters get in."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accounts.actors import actor_for
from accounts.models import Namespace, Organization, User
from accounts.services import create_organization, create_user, set_member
from catalog.models import Extension
from catalog.services import edit_extension, reserve_release
from core.policy import Role
from registry import services as registry
from validation.services import save_example
from wasmhub.oci import Repository, pack
from wasmhub.oci.media import OCI_MANIFEST

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from core.actor import Actor
    from wasmhub.oci import PackedImage

PEOPLE = {
    "ada": "owns acme, writes small filters",
    "mira": "owns northwind, publishes in acme",
}
ORGANIZATIONS = {
    "acme": ("Acme Edge", "Security filters for the edge of a network.", "ada", ["mira"]),
    "northwind": ("Northwind Traffic", "Observability and traffic filters.", "mira", []),
}


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody who was made just now, with the password that nobody can read again."""

    name: str
    password: str
    what: str


def seed(examples: Path, *, new_password: Callable[[], str]) -> list[DemoPerson]:
    """Make what is missing and return the people that were made."""
    made = [_person(name, what, new_password()) for name, what in PEOPLE.items() if _free(name)]
    for name, (title, description, owner, members) in ORGANIZATIONS.items():
        if _free(name):
            _organization(name, title, description, owner, members)
    for file in sorted(examples.glob("*/*/extension.toml")):
        _example(file)
    return made


def _free(name: str) -> bool:
    return not Namespace.objects.filter(name=name).exists()


def _person(name: str, what: str, password: str) -> DemoPerson:
    create_user(username=name, email=f"{name}@example.com", password=password)
    return DemoPerson(name, password, what)


def _organization(name: str, title: str, description: str, owner: str, members: list[str]) -> None:
    founder = _actor(owner)
    organization = create_organization(
        actor=founder, name=name, display_name=title, description=description
    )
    for member in members:
        set_member(
            actor=_actor(owner), organization=organization, username=member, role=Role.MEMBER
        )


def _actor(name: str) -> Actor:
    return actor_for(User.objects.get(username=name))


def _publisher(namespace: str) -> Actor:
    """Return who publishes there: the person themselves, or the organization's first owner."""
    holder = Namespace.objects.select_related("user").get(name=namespace)
    if holder.user is not None:
        return actor_for(holder.user)
    organization = Organization.objects.get(namespace=holder)
    owner = organization.memberships.filter(role=Role.OWNER.value).order_by("id").first()
    if owner is None:
        raise ValueError(f"{namespace} has no owner")
    return actor_for(owner.user)


def _example(file: Path) -> None:
    """Publish an example's releases, fill its page and keep its trials, unless that was done."""
    namespace, name = file.parent.parent.name, file.parent.name
    rows = Extension.objects.select_related("namespace")
    extension = rows.filter(namespace__name=namespace, name=name).first()
    known = set(extension.releases.values_list("version", flat=True)) if extension else set()
    about = tomllib.loads(file.read_text())
    missing = [each for each in about["releases"] if each["version"] not in known]
    for release in missing:
        _publish(_publisher(namespace), file.parent, about, release)
    extension = rows.get(namespace__name=namespace, name=name)
    if not known:
        _fill_page(_publisher(namespace), extension, about, file)
    kept = set(extension.examples.values_list("name", flat=True))
    for example in about.get("examples", []):
        if example["name"] not in kept:
            save_example(actor=_publisher(namespace), extension=extension, **example)


def _publish(actor: Actor, folder: Path, about: dict[str, Any], release: dict[str, Any]) -> None:
    namespace, name = folder.parent.name, folder.name
    module = folder / release["file"]
    if about.get("via", "oci") == "upload":
        with module.open("rb") as file:
            reserve_release(
                actor=actor,
                namespace=namespace,
                name=name,
                version=release["version"],
                module=file,
                description=about["description"],
                visibility=about.get("visibility", "public"),
            )
        return
    annotations = {
        "org.opencontainers.image.title": about["title"],
        "org.opencontainers.image.description": about["description"],
        "org.opencontainers.image.licenses": about["license"],
        "org.opencontainers.image.version": release["version"],
    }
    image = pack(module.read_bytes(), annotations=annotations)
    _push(actor, Repository(namespace, name), release["version"], image)


def _push(actor: Actor, repository: Repository, tag: str, image: PackedImage) -> None:
    """Push an image as a client does: blobs first, then the manifest."""
    for blob in (image.config, image.layer):
        upload = registry.begin_upload(actor=actor, repository=repository)
        end = registry.append_to_upload(upload=upload, offset=0, data=blob.data)
        registry.advance_upload(actor=actor, upload=upload, offset=end)
        registry.finish_upload(actor=actor, upload=upload, digest=blob.digest)
    registry.push_manifest(
        actor=actor,
        repository=repository,
        reference=tag,
        media_type=OCI_MANIFEST,
        content=image.manifest,
    )


def _fill_page(actor: Actor, extension: Extension, about: dict[str, Any], file: Path) -> None:
    changes = {
        "title": about["title"],
        "description": about["description"],
        "license": about["license"],
        "category": about["category"],
        "source_url": about.get("source_url", ""),
        "visibility": about.get("visibility", "public"),
        "readme": (file.parent / "README.md").read_text(),
    }
    edit_extension(actor=actor, extension=extension, changes=changes)
