"""The groups of manifests that the conformance suite pushes, each with what it needs."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.wire import digest_of
from tests.registry.driving import OCI_INDEX, OCI_MANIFEST
from wasmhub.oci.media import OCI_CONFIG, OCI_EMPTY, OCI_LAYER_TAR, OCI_LAYER_TAR_GZIP

EXAMPLE = "application/vnd.example.thing"
# Groups name the same blobs, so that a repository needs each of them once.
CONFIG = json.dumps({"architecture": "amd64", "os": "linux"}).encode()
LAYERS = {media_type: media_type.encode() * 9 for media_type in (OCI_LAYER_TAR, OCI_LAYER_TAR_GZIP)}
ELSEWHERE = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pushed:
    """A manifest as it is pushed, with what the list of referrers has to say of it."""

    content: bytes
    media_type: str
    algorithm: str
    subject: str | None
    artifact_type: str | None
    annotations: Mapping[str, str]

    @property
    def digest(self) -> str:
        return digest_of(self.content, self.algorithm)


@dataclass(slots=True)
class Group:
    """Manifests in the order of their pushes, and the blobs that they name."""

    algorithm: str = "sha256"
    blobs: list[bytes] = field(default_factory=list)
    manifests: list[Pushed] = field(default_factory=list)

    def blob(self, content: bytes, media_type: str, **more: Any) -> Document:
        """Add a blob and return its descriptor."""
        if content not in self.blobs:
            self.blobs.append(content)
        digest = digest_of(content, self.algorithm)
        return {"mediaType": media_type, "digest": digest, "size": len(content), **more}

    def layer(self, media_type: str = OCI_LAYER_TAR) -> Document:
        """Add a layer; one of tar+gzip could hold a module, which gives a worker much to do."""
        return self.blob(LAYERS[media_type], media_type)

    def config(self) -> Document:
        return self.blob(CONFIG, OCI_CONFIG)

    def empty(self) -> Document:
        return self.blob(b"{}", OCI_EMPTY)

    def image(self, **parts: Any) -> Document:
        """Add an image and return its descriptor; the parts replace or join the usual ones."""
        if "config" not in parts:
            parts["config"] = self.config()
        if "layers" not in parts:
            parts["layers"] = [self.layer()]
        return self._add(OCI_MANIFEST, parts)

    def artifact(self, **parts: Any) -> Document:
        return self.image(**{"artifactType": EXAMPLE, "config": self.empty(), **parts})

    def index(self, *children: Document, **parts: Any) -> Document:
        return self._add(OCI_INDEX, {"manifests": list(children), **parts})

    def _add(self, media_type: str, parts: Document) -> Document:
        # What makes it a manifest that no other test has.
        parts = {"annotations": {"one": secrets.token_hex(8)}, **parts}
        document = {"schemaVersion": 2, "mediaType": media_type, **parts}
        pushed = Pushed(
            content=json.dumps(document, indent=3).encode(),
            media_type=media_type,
            algorithm=self.algorithm,
            subject=parts.get("subject", {}).get("digest"),
            artifact_type=parts.get("artifactType") or parts.get("config", {}).get("mediaType"),
            annotations=parts["annotations"],
        )
        self.manifests.append(pushed)
        size = len(pushed.content)
        return {"mediaType": media_type, "digest": pushed.digest, "size": size}


def _on(descriptor: Document, architecture: str) -> Document:
    return {**descriptor, "platform": {"os": "linux", "architecture": architecture}}


def _index(group: Group) -> Document:
    return group.index(_on(group.image(), "amd64"), _on(group.image(), "arm64"))


def _artifacts_with_subject(group: Group) -> None:
    subject = group.image()
    for n in range(2):
        group.artifact(
            artifactType=f"{EXAMPLE}.v{n}", subject=subject, annotations={"number": str(n)}
        )
    # Its type is that of its config.
    group.image(config=group.blob(b"{ }", EXAMPLE), subject=subject)


def _index_with_subject(group: Group) -> None:
    subject = group.image()
    group.index(group.artifact(), artifactType=EXAMPLE, subject=subject)
    group.index(subject=subject, annotations={})


def _data(group: Group) -> None:
    content = b'{"embedded": true}'
    data = base64.b64encode(content).decode()
    group.image(config=group.blob(content, OCI_CONFIG, data=data))


def _elsewhere() -> Document:
    digest = digest_of(secrets.token_bytes(9))
    return {"mediaType": ELSEWHERE, "digest": digest, "size": 9, "urls": ["https://example.com/"]}


def _missing() -> Document:
    return {"mediaType": OCI_MANIFEST, "digest": digest_of(secrets.token_bytes(9)), "size": 1234}


GROUPS: Mapping[str, Callable[[Group], object]] = {
    "image": lambda group: group.image(layers=[group.layer(), group.layer(OCI_LAYER_TAR_GZIP)]),
    "image-uncompressed": lambda group: group.image(),
    "large-manifest": lambda group: group.image(
        annotations={f"com.example.{n}": secrets.token_hex(5000) for n in range(390)}
    ),
    "index": _index,
    "nested-index": lambda group: group.index(_index(group), group.index()),
    "empty-index": lambda group: group.index(),
    "artifact": lambda group: group.artifact(),
    "artifact-index": lambda group: group.index(group.artifact(), artifactType=EXAMPLE),
    "artifact-without-layers": lambda group: group.artifact(layers=[]),
    "artifacts-with-subject": _artifacts_with_subject,
    "index-with-subject": _index_with_subject,
    "missing-subject": lambda group: group.artifact(subject=_missing()),
    "data-field": _data,
    "non-distributable-layers": lambda group: group.image(layers=[_elsewhere(), group.layer()]),
    "custom-fields": lambda group: group.image(
        layers=[{**group.layer(), "com.example.new": [1]}], newField={"deep": [None, 1.5, "é"]}
    ),
    "no-layers": lambda group: group.image(layers=[]),
}


def make(name: str, algorithm: str = "sha256") -> Group:
    """Make a group that no other test has; its digests are of this algorithm."""
    group = Group(algorithm)
    GROUPS[name](group)
    return group


def an_index(**more: object) -> bytes:
    """Make an index of nothing that no other test has."""
    marked = {"one": secrets.token_hex(8)}
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "annotations": marked}
    return json.dumps({**document, **more}).encode()
