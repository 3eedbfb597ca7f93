from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from accounts.actors import actor_for
from accounts.models import Organization, User
from accounts.services import create_organization, create_user, set_member
from catalog.models import Extension, Manifest, Release, Verdict
from catalog.services import (
    Judgement,
    accept_manifest,
    count_pulls,
    open_extension,
    record_verdict,
)
from core.actor import Actor
from core.policy import Role
from wasmhub.oci import sha256_of
from wasmhub.oci.media import OCI_INDEX

FACTS = {"sha256": "0" * 64, "size": 8, "abi": "0.2.1", "language": "c", "contexts": ["http"]}


@pytest.fixture(autouse=True)
def _own_folders(settings: LazySettings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def alice(db: None) -> Actor:
    return actor_for(create_user(username="alice", email="alice@example.com", password="x" * 12))


@pytest.fixture
def mallory(db: None) -> Actor:
    create_user(username="mallory", email="mallory@example.com", password="x" * 12)
    return actor_for(User.objects.get(username="mallory"))


@pytest.fixture
def extension(alice: Actor) -> Extension:
    return open_extension(actor=alice, namespace="alice", name="jwt", visibility="public")


@pytest.fixture
def owner(alice: Actor) -> Actor:
    """Alice again, now that she owns acme: an actor is made for each request anew."""
    create_organization(actor=alice, name="acme", display_name="Acme")
    return actor_for(User.objects.get(username="alice"))


@pytest.fixture
def bob(owner: Actor) -> Actor:
    """Bob, who is a member of acme."""
    person = create_user(username="bob", email="bob@example.com", password="x" * 12)
    acme = Organization.objects.get()
    set_member(actor=owner, organization=acme, username="bob", role=Role.MEMBER)
    return actor_for(person)


@pytest.fixture
def shared(owner: Actor) -> Extension:
    """Return a public extension of acme's."""
    return open_extension(actor=owner, namespace="acme", name="jwt", visibility="public")


Push = Callable[..., Manifest]
Judge = Callable[[Manifest, Verdict], None]


def release(
    actor: Actor,
    extension: Extension,
    word: str,
    tag: str | None,
    verdict: Verdict | None = Verdict.PASSED,
    *,
    children: Sequence[Manifest] = (),
    subject: str = "",
) -> Manifest:
    """Push an index made of a word, and judge it; without a verdict it has no module."""
    descriptors = [
        {"mediaType": OCI_INDEX, "digest": child.digest, "size": len(bytes(child.content))}
        for child in children
    ]
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": descriptors,
        "annotations": {"word": word},
    }
    content = json.dumps(document).encode()
    manifest = accept_manifest(
        actor=actor,
        extension=extension,
        digest=str(sha256_of(content)),
        media_type=OCI_INDEX,
        content=content,
        has_module=verdict is not None,
        subject=subject,
        tag=tag,
    )
    if verdict is not None and verdict != Verdict.PENDING:
        record_verdict(manifest=manifest, judgement=Judgement(verdict, 1, dict(FACTS), []))
    return Manifest.objects.get(pk=manifest.pk)


def pull(manifest: Manifest, by: Actor | None = None) -> None:
    """Let somebody pull the manifest, and count it."""
    count_pulls([(manifest.pk, by.user_id if by else None, timezone.now())])


def age(extension: Extension, hours: float) -> None:
    """Let the extension's releases have passed so long ago."""
    passed = timezone.now() - timedelta(hours=hours)
    Release.objects.filter(extension=extension, passed__isnull=False).update(passed=passed)


def together(*acts: Callable[[], object]) -> list[Exception | None]:
    """Do things at the same moment, and return what each raised."""
    start = threading.Barrier(len(acts))
    raised: list[Exception | None] = [None] * len(acts)

    def do(number: int, act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
        except Exception as error:  # noqa: BLE001 - the test judges it
            raised[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.fixture
def push(alice: Actor, extension: Extension) -> Push:
    """Return a function that pushes a manifest made of a word under a tag."""

    def push(word: str, tag: str | None, *, has_module: bool = True) -> Manifest:
        content = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": OCI_INDEX,
                "manifests": [],
                "annotations": {"word": word},
            }
        ).encode()
        return accept_manifest(
            actor=alice,
            extension=extension,
            digest=str(sha256_of(content)),
            media_type=OCI_INDEX,
            content=content,
            has_module=has_module,
            tag=tag,
        )

    return push


@pytest.fixture
def judge() -> Callable[[Manifest, Verdict], None]:
    """Return a function that records a verdict as a worker does."""

    def judge(manifest: Manifest, verdict: Verdict) -> None:
        record_verdict(manifest=manifest, judgement=Judgement(verdict, 1, dict(FACTS), []))

    return judge
