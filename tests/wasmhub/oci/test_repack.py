"""Images packed anew beside the original."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wasmhub.oci.image_builder import (
    MODULE,
    RUNTIME_CONFIG,
    TITLE,
    VARIANT,
    Image,
    build,
    cncf,
    compat_docker,
    compat_oci,
    higress,
    tgz,
    wasm_to_oci,
    wasme,
)
from wasmhub.oci import (
    PackedImage,
    check_strict,
    examine,
    extract_module,
    inspect_image,
    media,
    pack,
    parse_manifest,
    repack,
)
from wasmhub.oci.repack import CONVERTED_FROM
from wasmhub.oci.versions import Conversion
from wasmhub.proxywasm import Severity

pytestmark = pytest.mark.single_setup

CREATED = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
FORMS = {
    "docker": compat_docker(),
    "wasme": wasme(),
    "cncf": cncf(),
    "higress": higress(),
    "wasm-to-oci": wasm_to_oci(),
}


def convert(conversion: Conversion, image: Image) -> PackedImage:
    inspection = inspect_image(image.parsed, image.open, 1 << 20)
    assert inspection.module is not None
    return repack(
        conversion,
        inspection.module,
        original=image.parsed,
        original_digest=image.digest,
        config=inspection.config,
        created=CREATED,
    )


def annotations_of(packed: PackedImage) -> dict[str, str]:
    return dict(parse_manifest(packed.manifest, None).annotations)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_becomes_a_canonical_image(form: str) -> None:
    packed = convert("canonical", FORMS[form])

    findings = check_strict(packed.manifest, packed.config.data, io.BytesIO(packed.layer.data))
    assert [each for each in findings if each.severity == Severity.ERROR] == []
    assert extract_module(io.BytesIO(packed.layer.data), "tar+gzip", 100).data == MODULE
    assert annotations_of(packed)[CONVERTED_FROM] == str(FORMS[form].digest)


@pytest.mark.parametrize(
    "image", [compat_oci(), compat_docker(), wasme(), higress(), wasm_to_oci()]
)
def test_every_form_becomes_a_cncf_artifact(image: Image) -> None:
    packed = convert("cncf", image)

    diagnosis = examine(parse_manifest(packed.manifest, None))
    assert diagnosis.form == "cncf"
    assert {each.name for each in diagnosis.loaders if each.loads} == {"wkg"}
    assert packed.layer.data == MODULE
    # What wkg's config must have (oci-wasm's WasmConfig): the two that are optional may be null.
    assert json.loads(packed.config.data) == {
        "created": "2026-11-22T10:00:00Z",
        "author": None,
        "architecture": "wasm",
        "os": "wasip1",
        "layerDigests": [str(packed.layer.digest)],
    }
    assert annotations_of(packed)[CONVERTED_FROM] == str(image.digest)


@pytest.mark.parametrize("conversion", ["canonical", "cncf"])
def test_the_same_input_makes_the_same_bytes(conversion: Conversion) -> None:
    assert convert(conversion, wasme()) == convert(conversion, wasme())


def test_the_authors_annotations_are_carried_and_the_forms_are_not() -> None:
    image = compat_oci(
        annotations={
            **VARIANT,
            TITLE: "Jwt",
            "run.oci.handler": "wasm",
            CONVERTED_FROM: "sha256:forged",
        }
    )

    canonical, artifact = (annotations_of(convert(each, image)) for each in ("canonical", "cncf"))

    origin = {TITLE: "Jwt", CONVERTED_FROM: str(image.digest)}
    created = {"org.opencontainers.image.created": "2026-11-22T10:00:00Z"}
    assert canonical == {**origin, **created, **VARIANT}
    assert artifact == origin


def test_annotations_that_fill_a_manifest_leave_room() -> None:
    image = build(
        [(media.WASM, MODULE)],
        config_type=media.CNCF_CONFIG,
        config=b"{}",
        annotations={"a": "1", "b": "x" * (4_000_000), "c": "3"},
    )

    carried = annotations_of(convert("canonical", image))

    assert carried["a"] == "1"
    assert "b" not in carried


class TestRuntimeConfig:
    def members(self, image: Image) -> bytes | None:
        packed = convert("canonical", image)
        layer = io.BytesIO(packed.layer.data)
        return extract_module(layer, "tar+gzip", 100_000).runtime_config

    def test_that_of_wasme_is_the_images_config(self) -> None:
        assert self.members(wasme()) == RUNTIME_CONFIG

    def test_that_of_an_archive_stays_as_it_is(self) -> None:
        beside = b' {"type": "envoy_proxy", "own": 1}'
        layer = tgz({"plugin.wasm": MODULE, "runtime-config.json": beside})

        assert self.members(compat_oci(layer)) == beside

    @pytest.mark.parametrize("junk", [b"", b"{}", b"[]", b"\xff", b'{"a":1,"a":2}', b"[" * 9999])
    def test_what_is_none_is_left_out(self, junk: bytes) -> None:
        layer = tgz({"plugin.wasm": MODULE, "runtime-config.json": junk})

        assert self.members(compat_oci(layer)) is None

    def test_the_config_of_another_form_is_none(self) -> None:
        assert self.members(cncf()) is None
        assert self.members(compat_docker()) is None


@given(st.binary(max_size=3000))
def test_any_module_comes_out_of_both_forms_as_it_went_in(module: bytes) -> None:
    image = build([(media.WASM_TO_OCI_CONTENT, module)], config=b"{}")

    canonical, artifact = convert("canonical", image), convert("cncf", image)

    assert extract_module(io.BytesIO(canonical.layer.data), "tar+gzip", 3000).data == module
    assert artifact.layer.data == module


def test_a_canonical_image_of_the_hubs_own_is_what_pack_makes() -> None:
    packed = convert("canonical", cncf())

    assert packed.layer == pack(MODULE).layer
