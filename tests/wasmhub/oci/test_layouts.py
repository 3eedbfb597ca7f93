"""The layout as a tar: streamed, the same bytes each time, and read by real programs."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oci_clients import podman, skopeo
from tests.wasmhub.oci.image_builder import (
    Image,
    build,
    cncf,
    compat_docker,
    compat_oci,
    higress,
    index,
    wasme,
)
from wasmhub.oci import (
    Digest,
    ImageError,
    InvalidManifestError,
    InvalidNameError,
    LayoutTar,
    media,
    parse_manifest,
    repack,
    sha256_of,
)
from wasmhub.oci.extract import ExtractedModule

pytestmark = pytest.mark.single_setup


def layout(image: Image, tag: str = "1.2.0") -> LayoutTar:
    return LayoutTar.of(image.manifest, image.media_type, tag)


def written(image: Image) -> bytes:
    return b"".join(layout(image).chunks(image.open))


def members(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        assert {(each.mtime, each.uid, each.gid) for each in opened} == {(0, 0, 0)}
        files = [each for each in opened if each.isfile()]
        return {each.name: opened.extractfile(each).read() for each in files}  # type: ignore[union-attr]


@pytest.mark.parametrize("image", [compat_oci(), compat_docker(), wasme(), cncf(), higress()])
def test_every_descriptor_leads_to_its_bytes(image: Image) -> None:
    files = members(written(image))

    assert json.loads(files.pop("oci-layout")) == {"imageLayoutVersion": "1.0.0"}
    (entry,) = parse_manifest(files.pop("index.json"), None).manifests
    assert entry.annotations == {"org.opencontainers.image.ref.name": "1.2.0"}
    assert (entry.digest, entry.media_type) == (image.digest, image.media_type)
    assert entry.size == len(image.manifest)
    named = {entry.digest, *(blob.digest for blob in image.parsed.required_blobs())}
    assert set(files) == {f"blobs/{each.algorithm}/{each.hex}" for each in named}
    assert all(sha256_of(data).hex in name for name, data in files.items())


@given(st.lists(st.binary(max_size=2000), max_size=5))
def test_its_size_is_known_before_and_it_is_the_same_each_time(blobs: list[bytes]) -> None:
    image = build([("text/plain", blob) for blob in blobs], config=b"{}")

    archive = written(image)

    assert len(archive) == layout(image).size
    assert archive == written(image)


def test_a_digest_of_another_algorithm_has_its_own_folder() -> None:
    content = b"x"
    digest = Digest("sha512", hashlib.sha512(content).hexdigest())
    document = json.loads(build([("text/plain", content)], config=b"{}").manifest)
    document["layers"][0]["digest"] = str(digest)
    image = Image(json.dumps(document).encode(), media.OCI_MANIFEST)
    image.blobs = {digest: content, sha256_of(b"{}"): b"{}"}

    assert members(written(image))[f"blobs/sha512/{digest.hex}"] == content


@pytest.mark.parametrize("lie", [b"", b"short", b"x" * 600])
def test_other_bytes_than_the_manifest_names_break_the_archive_off(lie: bytes) -> None:
    image = compat_oci()
    image.blobs = dict.fromkeys(image.blobs, lie)

    with pytest.raises(ImageError, match="other bytes"):
        written(image)


@pytest.mark.parametrize("wrong", [-1, 1, 600])
def test_a_wrong_size_in_the_manifest_breaks_the_archive_off(wrong: int) -> None:
    image = compat_oci()
    document = json.loads(image.manifest)
    document["layers"][0]["size"] += wrong
    image.manifest = json.dumps(document).encode()

    with pytest.raises(ImageError, match="other bytes"):
        written(image)


def test_only_an_image_makes_a_layout() -> None:
    with pytest.raises(InvalidManifestError, match="index"):
        layout(index((compat_oci(), None)))
    with pytest.raises(InvalidNameError):
        layout(compat_oci(), "a b")


@given(st.binary(max_size=200))
def test_bytes_that_are_no_manifest_make_no_other_error(manifest: bytes) -> None:
    with pytest.raises(InvalidManifestError):
        LayoutTar.of(manifest, media.OCI_MANIFEST, "1.0.0")


def test_large_blobs_are_never_all_in_memory() -> None:
    size = 64 * 1024 * 1024

    class Zeros(io.RawIOBase):
        left = size

        def read(self, amount: int = -1) -> bytes:
            piece = bytes(min(amount, self.left))
            self.left -= len(piece)
            return piece

    hashed = hashlib.sha256()
    for _ in range(64):
        hashed.update(bytes(size // 64))
    digest = Digest("sha256", hashed.hexdigest())
    document = json.loads(build([("text/plain", b"")], config=b"{}").manifest)
    document["layers"][0] |= {"digest": str(digest), "size": size}
    image = Image(json.dumps(document).encode(), media.OCI_MANIFEST)

    def open_blob(wanted: Digest) -> io.RawIOBase | io.BytesIO:
        return Zeros() if wanted == digest else io.BytesIO(b"{}")

    tracemalloc.start()
    total = sum(map(len, layout(image).chunks(open_blob)))  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert total == layout(image).size
    assert peak < 4 * 1024 * 1024


def conversions() -> Iterator[tuple[str, Image]]:
    """Give the forms that skopeo sees in a layout (it does not see B), and both conversions."""
    yield from {"A": compat_oci(), "C": wasme(), "D": cncf(), "E": higress()}.items()
    original = wasme()
    for conversion in ("canonical", "cncf"):
        packed = repack(
            conversion,
            ExtractedModule(b"\0asm\x01\0\0\0"),
            original=original.parsed,
            original_digest=original.digest,
        )
        blobs = {each.digest: each.data for each in (packed.config, packed.layer)}
        yield conversion, Image(packed.manifest, media.OCI_MANIFEST, blobs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "image"), [pytest.param(*each, id=each[0]) for each in conversions()]
)
def test_skopeo_copies_what_is_written_unchanged(name: str, image: Image, tmp_path: Path) -> None:
    archive, folder = tmp_path / "image.tar", tmp_path / "image"
    archive.write_bytes(written(image))
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")

    for source in (f"oci-archive:{archive}:1.2.0", f"oci:{folder}:1.2.0"):
        copy = tmp_path / source.partition(":")[0]
        copied = skopeo("copy", source, f"dir:{copy}")

        assert copied.returncode == 0, copied.stderr
        assert (copy / "manifest.json").read_bytes() == image.manifest
        for blob in image.parsed.required_blobs():
            assert (copy / blob.digest.hex).read_bytes() == image.blobs[blob.digest]


@pytest.mark.slow
def test_podman_loads_the_canonical_image_and_finds_the_module(short_home: Path) -> None:
    image = dict(conversions())["canonical"]
    archive = short_home / "image.tar"
    archive.write_bytes(written(image))

    loaded = podman("load", "--input", str(archive), home=short_home)
    saved = podman("save", "--output", f"{short_home}/saved.tar", "1.2.0", home=short_home)

    assert loaded.returncode == 0, loaded.stderr
    assert saved.returncode == 0, saved.stderr
    layers = [data for data in members_of(short_home / "saved.tar") if b"plugin.wasm" in data]
    assert len(layers) == 1


@pytest.fixture
def short_home() -> Iterator[Path]:
    """Podman's sockets need a short path."""
    folder = Path(tempfile.mkdtemp(prefix="pod"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def members_of(path: Path) -> list[bytes]:
    with tarfile.open(path) as opened:
        return [opened.extractfile(each).read() for each in opened if each.isfile()]  # type: ignore[union-attr]
