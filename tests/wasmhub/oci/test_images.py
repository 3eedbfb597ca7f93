from __future__ import annotations

import json
from typing import Any

import pytest

from wasmhub.oci import (
    ModuleLayer,
    NotAModule,
    ParsedManifest,
    module_layer,
    parse_manifest,
    proxy_child,
    sha256_of,
)
from wasmhub.oci import media as m

VARIANT = {"module.wasm.image/variant": "compat"}
LAYER_TYPES = {
    "tgz": m.OCI_LAYER_TAR_GZIP,
    "docker-tgz": m.DOCKER_LAYER_TAR_GZIP,
    "tar": m.OCI_LAYER_TAR,
    "zstd": m.OCI_LAYER_TAR_ZSTD,
    "solo-config": m.WASME_CONFIG,
    "solo": m.WASME_CONTENT,
    "wasm": m.WASM,
    "wasm-to-oci": m.WASM_TO_OCI_CONTENT,
    "spec": m.HIGRESS_SPEC,
    "doc-en": "application/vnd.module.wasm.doc.v1.en+markdown",
    "other": "text/plain",
}


def image(
    layers: str,
    *,
    config: str = m.OCI_CONFIG,
    media_type: str = m.OCI_MANIFEST,
    annotations: dict[str, str] | None = None,
    urls: tuple[str, ...] = (),
) -> ParsedManifest:
    """Make an image of layers by short name, each with its own bytes unless `name=content`."""
    descriptors: list[dict[str, Any]] = []
    for position, layer in enumerate(layers.split()):
        kind, _, content = layer.partition("=")
        descriptors.append(
            {
                "mediaType": LAYER_TYPES[kind],
                "digest": str(sha256_of((content or str(position)).encode())),
                "size": 1,
                "urls": list(urls),
            }
        )
    document = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": {"mediaType": config, "digest": str(sha256_of(b"{}")), "size": 2},
        "layers": descriptors,
        "annotations": annotations,
    }
    return parse_manifest(json.dumps(document).encode(), media_type)


def docker(layers: str, **more: Any) -> ParsedManifest:
    return image(layers, config=m.DOCKER_CONFIG, media_type=m.DOCKER_MANIFEST, **more)


@pytest.mark.parametrize(
    ("manifest", "form", "packing", "position"),
    [
        (image("tgz", annotations=VARIANT), "compat-oci", "tar+gzip", 0),
        (image("tgz"), "compat-oci", "tar+gzip", 0),
        (image("tgz tgz"), "compat-oci", "tar+gzip", 1),
        (image("zstd tgz", annotations=VARIANT), "compat-oci", "tar+gzip", 1),
        (docker("docker-tgz"), "compat-docker", "tar+gzip", 0),
        (docker("docker-tgz docker-tgz"), "compat-docker", "tar+gzip", 1),
        (image("solo-config solo", config=m.WASME_CONFIG), "wasme", "raw", 1),
        (image("solo other"), "wasme", "raw", 0),
        (image("spec doc-en tgz"), "higress", "tar+gzip", 2),
    ],
)
def test_forms_that_proxies_load(
    manifest: ParsedManifest, form: str, packing: str, position: int
) -> None:
    found = module_layer(manifest)

    assert isinstance(found, ModuleLayer)
    assert (found.form, found.packing) == (form, packing)
    assert found.layer == manifest.layers[position]
    assert found.loads
    assert found.reason == ""


@pytest.mark.parametrize(
    ("manifest", "form", "packing", "position", "why"),
    [
        (image("solo"), "wasme", "raw", 0, "this image has 1."),
        (image("solo-config solo other"), "wasme", "raw", 1, "this image has 3."),
        (docker("solo-config solo"), "wasme", "raw", 1, "mix Docker's and OCI's"),
        (image("wasm", config=m.CNCF_CONFIG), "cncf", "raw", 0, "CNCF Wasm artifact"),
        (image("wasm-to-oci", config=m.WASM_TO_OCI_CONFIG), "wasm-to-oci", "raw", 0, "wasm-to-oci"),
        (image("tgz other", annotations=VARIANT), "compat-oci", "tar+gzip", 0, "not the last one"),
        (image("tgz spec"), "higress", "tar+gzip", 0, "not the last one"),
        (image("tar", annotations=VARIANT), "compat-oci", "tar", 0, "without gzip"),
        (docker("tgz", annotations=VARIANT), "compat-docker", "tar+gzip", 0, "mix Docker's"),
        (image("docker-tgz", annotations=VARIANT), "compat-oci", "tar+gzip", 0, "mix Docker's"),
    ],
)
def test_forms_that_the_hub_reads_and_proxies_refuse(
    manifest: ParsedManifest, form: str, packing: str, position: int, why: str
) -> None:
    found = module_layer(manifest)

    assert isinstance(found, ModuleLayer)
    assert (found.form, found.packing) == (form, packing)
    assert found.layer == manifest.layers[position]
    assert not found.loads
    assert why in found.reason
    assert "push it as an OCI image" in found.reason


@pytest.mark.parametrize(
    ("manifest", "finding"),
    [
        (image("zstd", annotations=VARIANT), "image/zstd"),
        (image("tar tgz other", annotations=VARIANT), "image/ambiguous"),
        (image("", annotations=VARIANT), "image/unsupported-form"),
        (image("other", config=m.WASME_CONFIG), "image/unsupported-form"),
        (image("solo-config solo", urls=("https://x",)), "image/unsupported-form"),
        (image("tgz", annotations=VARIANT, urls=("https://x",)), "image/unsupported-form"),
        (image("solo solo"), "image/ambiguous"),
        (image("wasm wasm"), "image/ambiguous"),
        (image("tgz tgz other", annotations=VARIANT), "image/ambiguous"),
        (image("solo tgz"), "image/ambiguous"),
        (image("other=same tgz=same"), "image/ambiguous"),
    ],
)
def test_images_that_speak_of_wasm_but_have_no_clear_module(
    manifest: ParsedManifest, finding: str
) -> None:
    found = module_layer(manifest)

    assert isinstance(found, NotAModule)
    assert found.id == finding
    assert "push" in found.reason or "list" in found.reason


@pytest.mark.parametrize(
    "manifest",
    [
        image(""),
        image("other"),
        image("tar"),
        image("zstd"),
        image("tgz other"),
        image("tgz", urls=("https://x",)),
        docker("tgz"),
    ],
)
def test_images_with_nothing_of_wasm_have_no_module(manifest: ParsedManifest) -> None:
    assert module_layer(manifest) is None


@pytest.mark.parametrize(
    "manifest",
    [
        image("tgz", annotations=VARIANT),
        image("tgz", annotations={"run.oci.handler": "wasm"}),
        image("tgz", annotations={"module.wasm.runtime/type": "envoy_proxy"}),
        image("spec tgz"),
        image("tgz", config=m.WASME_CONFIG),
    ],
)
def test_an_image_that_speaks_of_wasm_declares_its_module(manifest: ParsedManifest) -> None:
    found = module_layer(manifest)

    assert isinstance(found, ModuleLayer)
    assert found.declared


def test_an_ordinary_image_declares_no_module() -> None:
    found = module_layer(docker("docker-tgz", annotations={"a": "b"}))

    assert isinstance(found, ModuleLayer)
    assert not found.declared


class TestIndex:
    def index(self, *platforms: str | None) -> ParsedManifest:
        children = [
            {
                "mediaType": m.OCI_MANIFEST,
                "digest": str(sha256_of(bytes([position]))),
                "size": 1,
                "platform": dict(zip(("os", "architecture"), platform.split("/"), strict=True))
                if platform
                else None,
            }
            for position, platform in enumerate(platforms)
        ]
        document = {"schemaVersion": 2, "mediaType": m.OCI_INDEX, "manifests": children}
        return parse_manifest(json.dumps(document).encode(), None)

    def test_it_has_no_module_itself(self) -> None:
        assert module_layer(self.index("linux/amd64")) is None

    @pytest.mark.parametrize(
        ("platforms", "position"),
        [
            (("linux/arm64", "linux/amd64", "linux/amd64"), 1),
            (("unknown/unknown", "linux/amd64"), 1),
            ((None, "linux/amd64"), 0),
        ],
    )
    def test_proxies_take_the_first_child_for_amd64(
        self, platforms: tuple[str | None, ...], position: int
    ) -> None:
        index = self.index(*platforms)

        assert proxy_child(index) == index.manifests[position]

    def test_without_such_a_child_there_is_none(self) -> None:
        assert proxy_child(self.index("linux/arm64", "wasip1/wasm")) is None
