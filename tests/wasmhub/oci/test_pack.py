from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oci_clients import skopeo
from wasmhub.oci import (
    Digest,
    InvalidManifestError,
    InvalidNameError,
    ModuleLayer,
    extract_module,
    module_layer,
    pack,
    parse_manifest,
    sha256_of,
    write_oci_layout,
)

if TYPE_CHECKING:
    from pathlib import Path

MODULE = b"\0asm\x01\0\0\0"
CREATED = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@given(st.binary(max_size=5000))
def test_what_is_packed_is_what_proxies_take_out(module: bytes) -> None:
    packed = pack(module)

    manifest = parse_manifest(packed.manifest, None)
    found = module_layer(manifest)
    assert isinstance(found, ModuleLayer)
    assert (found.form, found.loads, found.declared) == ("compat-oci", True, True)
    assert found.layer.digest == packed.layer.digest == sha256_of(packed.layer.data)
    extracted = extract_module(io.BytesIO(packed.layer.data), found.packing, 5000)
    assert extracted.data == module
    assert extracted.path == "plugin.wasm"
    assert extracted.runtime_config is None


def test_the_same_input_makes_the_same_bytes() -> None:
    first = pack(MODULE, created=CREATED, annotations={"b": "1", "a": "2"}, root_ids=["x"])
    elsewhere = CREATED.astimezone(timezone(timedelta(hours=5)))
    second = pack(MODULE, created=elsewhere, annotations={"a": "2", "b": "1"}, root_ids=["x"])

    assert first == second


def test_the_gzip_header_names_neither_time_nor_system() -> None:
    header = pack(MODULE).layer.data[:10]

    assert header == b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"


def test_the_config_names_the_unpacked_layer() -> None:
    packed = pack(MODULE, created=CREATED)

    config = json.loads(packed.config.data)
    assert config["rootfs"]["diff_ids"] == [str(sha256_of(gzip.decompress(packed.layer.data)))]
    assert config["created"] == "2026-11-22T10:00:00Z"
    assert (config["os"], config["architecture"]) == ("linux", "amd64")


def test_annotations_reach_the_manifest() -> None:
    packed = pack(
        MODULE,
        created=CREATED,
        annotations={
            "org.opencontainers.image.title": "Jwt für \u202e alle",
            "module.wasm.image/variant": "other",
        },
    )

    assert parse_manifest(packed.manifest, None).annotations == {
        "module.wasm.image/variant": "compat",
        "org.opencontainers.image.created": "2026-11-22T10:00:00Z",
        "org.opencontainers.image.title": "Jwt für \u202e alle",
    }
    assert packed.manifest_digest == sha256_of(packed.manifest)


def test_without_a_time_there_is_no_stamp() -> None:
    packed = pack(MODULE)

    assert "created" not in json.loads(packed.config.data)
    assert list(parse_manifest(packed.manifest, None).annotations) == ["module.wasm.image/variant"]


@pytest.mark.parametrize("value", ["\0", "\ud800", "x" * (5 << 20)])
def test_annotations_that_no_registry_takes_are_refused(value: str) -> None:
    with pytest.raises(InvalidManifestError):
        pack(MODULE, annotations={"a": value})


def test_root_ids_and_abi_versions_make_a_runtime_config() -> None:
    packed = pack(MODULE, root_ids=["jwt"], abi_versions=["v0.2.1"])

    extracted = extract_module(io.BytesIO(packed.layer.data), "tar+gzip", 10_000)
    assert extracted.runtime_config is not None
    assert json.loads(extracted.runtime_config) == {
        "type": "envoy_proxy",
        "abiVersions": ["v0.2.1"],
        "config": {"rootIds": ["jwt"]},
    }


class TestLayout:
    def test_every_descriptor_leads_to_its_bytes(self, tmp_path: Path) -> None:
        packed = pack(MODULE)

        write_oci_layout(packed, tmp_path / "image", "1.2.0")

        assert json.loads((tmp_path / "image/oci-layout").read_bytes()) == {
            "imageLayoutVersion": "1.0.0"
        }
        index = parse_manifest((tmp_path / "image/index.json").read_bytes(), None)
        [entry] = index.manifests
        assert entry.annotations == {"org.opencontainers.image.ref.name": "1.2.0"}
        manifest = parse_manifest(self.blob(tmp_path, entry.digest), entry.media_type)
        for blob in manifest.required_blobs():
            assert len(self.blob(tmp_path, blob.digest)) == blob.size

    def blob(self, folder: Path, digest: Digest) -> bytes:
        data = (folder / "image/blobs" / digest.algorithm / digest.hex).read_bytes()
        assert digest.matches(data)
        return data

    def test_an_existing_layout_is_left_alone(self, tmp_path: Path) -> None:
        write_oci_layout(pack(MODULE), tmp_path, "1.2.0")
        before = (tmp_path / "index.json").read_bytes()

        with pytest.raises(FileExistsError):
            write_oci_layout(pack(b"other"), tmp_path, "1.3.0")

        assert (tmp_path / "index.json").read_bytes() == before

    def test_skopeo_copies_it_unchanged(self, tmp_path: Path) -> None:
        packed = pack(MODULE, created=CREATED)
        write_oci_layout(packed, tmp_path / "image", "1.2.0")

        copied = skopeo("copy", f"oci:{tmp_path}/image:1.2.0", f"oci:{tmp_path}/copy:1.2.0")
        assert copied.returncode == 0, copied.stderr

        blobs = tmp_path / "copy/blobs/sha256"
        assert (blobs / packed.manifest_digest.hex).read_bytes() == packed.manifest
        assert (blobs / packed.layer.digest.hex).read_bytes() == packed.layer.data

    def test_a_bad_tag_writes_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidNameError):
            write_oci_layout(pack(MODULE), tmp_path, "a b")

        assert list(tmp_path.iterdir()) == []
