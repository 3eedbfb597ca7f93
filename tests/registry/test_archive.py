"""An image as one file, for machines without a network."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

import pytest

from catalog.models import Verdict
from tests.registry.driving import DATABASE, Client, basic, code_of, judge, publish

pytestmark = DATABASE


@pytest.fixture
def path(registry: Client) -> str:
    """Push acme/jwt 1.0.0, private, let it pass, and return the archive's path."""
    packed = registry.push("acme/jwt", "1.0.0")
    judge(packed, Verdict.PASSED)
    return f"/download/acme/jwt/{packed.manifest_digest.hex}.tar"


def members(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        files = [each for each in opened.getmembers() if each.isfile()]
        return {each.name: opened.extractfile(each).read() for each in files}  # type: ignore[union-attr]


def test_holds_the_image_under_its_version(registry: Client, path: str) -> None:
    publish("acme/jwt")

    got, headed = registry.send("GET", path), registry.send("HEAD", path)

    assert (got.status_code, headed.status_code, headed.content) == (200, 200, b"")
    assert dict(got.headers) == dict(headed.headers)
    assert got.headers["content-type"] == "application/x-tar"
    assert got.headers["content-disposition"] == 'attachment; filename="jwt-1.0.0.tar"'
    assert got.headers["content-length"] == str(len(got.content))
    found = members(got.content)
    (entry,) = json.loads(found["index.json"])["manifests"]
    assert entry["annotations"] == {"org.opencontainers.image.ref.name": "1.0.0"}
    assert entry["digest"].removeprefix("sha256:") in path
    for name, content in found.items():
        if name.startswith("blobs/sha256/"):
            assert hashlib.sha256(content).hexdigest() == name.rpartition("/")[2]
    manifest = json.loads(found[f"blobs/{entry['digest'].replace(':', '/')}"])
    for blob in (manifest["config"], *manifest["layers"]):
        assert len(found[f"blobs/{blob['digest'].replace(':', '/')}"]) == blob["size"]
    assert registry.send("GET", path).content == got.content


def test_only_those_who_may_read_get_it(registry: Client, path: str) -> None:
    for headers, status in (
        ({}, 404),
        (basic("bob", registry.secrets["bob"]), 200),
        (basic("mallory", registry.secrets["mallory"]), 404),
        ({"Authorization": "Bearer whub_nonsense"}, 401),
    ):
        answer = registry.send("GET", path, headers=headers)
        assert answer.status_code == status, headers


@pytest.mark.parametrize("name", ["acme/nothing", "acme/a..b", "ACME/jwt"])
def test_what_is_not_there_is_a_clear_404(registry: Client, path: str, name: str) -> None:
    answer = registry.send("GET", path.replace("acme/jwt", name))

    assert answer.status_code == 404
    assert code_of(answer) == "MANIFEST_UNKNOWN"


def test_what_failed_is_for_its_publishers_only(registry: Client) -> None:
    packed = registry.push("acme/jwt", "1.0.0")
    judge(packed, Verdict.FAILED)
    publish("acme/jwt")

    answer = registry.send("GET", f"/download/acme/jwt/{packed.manifest_digest.hex}.tar")

    assert answer.status_code == 404
