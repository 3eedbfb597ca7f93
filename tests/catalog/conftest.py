from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings

from accounts.actors import actor_for
from accounts.models import User
from accounts.services import create_user
from catalog.models import Extension, Manifest, Verdict
from catalog.services import Judgement, accept_manifest, open_extension, record_verdict
from core.actor import Actor
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


Push = Callable[..., Manifest]


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
