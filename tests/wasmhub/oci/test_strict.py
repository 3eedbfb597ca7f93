"""The strict check, and the page that it holds images to."""

from __future__ import annotations

import gzip
import io
import json
import re
import shlex
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oci_clients import podman
from tests.wasmhub.oci.image_builder import (
    MODULE,
    PLUGIN_TGZ,
    RUNTIME_CONFIG,
    Image,
    build,
    cncf,
    compat_docker,
    compat_oci,
    higress,
    tar,
    tgz,
    wasm_to_oci,
    wasme,
)
from wasmhub.oci import Digest, PackedImage, check_strict, media, pack, sha256_of
from wasmhub.proxywasm import Finding, Severity

pytestmark = pytest.mark.single_setup

PAGE = Path(__file__).resolve().parents[3] / "docs/image-spec.md"
SAID = {
    f"org.opencontainers.image.{key}": value
    for key, value in {"title": "Nothing", "version": "1.0.0", "licenses": "Apache-2.0"}.items()
}
FULL = {**SAID, "module.wasm.image/variant": "compat"}


def check(image: Image) -> list[Finding]:
    document = json.loads(image.manifest)
    named = [document["config"], *document["layers"][-1:]]
    config, *layers = (image.blobs.get(Digest.parse(each["digest"]), b"") for each in named)
    return check_strict(image.manifest, config, io.BytesIO(layers[0] if layers else b""))


def errors(image: Image) -> list[str]:
    return [each.message for each in check(image) if each.severity == Severity.ERROR]


def with_manifest(**more: Any) -> Image:
    image = compat_oci(annotations=FULL)
    image.manifest = json.dumps(json.loads(image.manifest) | more).encode()
    return image


def with_config(**more: Any) -> Image:
    config = json.loads(compat_oci().config) | more
    return compat_oci(annotations=FULL, config=json.dumps(config).encode())


def with_lying_blob(of: str) -> Image:
    image = compat_oci(annotations=FULL)
    assert image.parsed.config is not None
    named = image.parsed.config if of == "config" else image.parsed.layers[0]
    other = {
        "config": image.config + b" ",
        "layer": gzip.compress(tar({"plugin.wasm": MODULE}), 1, mtime=0),
    }
    image.blobs[named.digest] = other[of]
    return image


def with_layer(members: Any) -> Image:
    return compat_oci(tgz(members), annotations=FULL)


def with_link(name: str) -> Image:
    link = tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, "plugin.wasm"
    archive = link.tobuf(tarfile.USTAR_FORMAT) + tar({"plugin.wasm": MODULE})
    return compat_oci(gzip.compress(archive, mtime=0), annotations=FULL)


def with_lying_size() -> Image:
    config = json.loads(compat_oci(annotations=FULL).manifest)["config"]
    return with_manifest(config=config | {"size": config["size"] + 1})


DIGEST = "sha256:" + "0" * 64
BROKEN: dict[str, tuple[Callable[[], Image], str]] = {
    "1.1 no mediaType": (lambda: with_manifest(mediaType=None), "media type must be"),
    "1.1 Docker": (compat_docker, "mediaType is not"),
    "1.2 a key like another": (lambda: with_manifest(Layers=[]), "other letters"),
    "1.3": (lambda: compat_oci(config_type="x", annotations=FULL), "config's media type"),
    "1.4 none": (lambda: with_manifest(layers=[]), "exactly one layer"),
    "1.4 two": (
        lambda: build([(media.OCI_LAYER_TAR_GZIP, PLUGIN_TGZ)] * 2, annotations=FULL),
        "exactly one layer",
    ),
    "1.4 type": (
        lambda: build([(media.OCI_LAYER_TAR, tar({"plugin.wasm": MODULE}))], annotations=FULL),
        "exactly one layer",
    ),
    "1.5 subject": (
        lambda: with_manifest(
            subject={
                "mediaType": media.OCI_MANIFEST,
                "digest": "sha512:" + "0" * 128,
                "size": 1,
            }
        ),
        "no sha256",
    ),
    "1.5 urls": (
        lambda: with_manifest(
            config={
                "mediaType": media.OCI_CONFIG,
                "digest": DIGEST,
                "size": 1,
                "urls": ["https://x"],
            }
        ),
        "outside the registry",
    ),
    "1.6": (lambda: with_manifest(annotations=SAID), "module.wasm.image/variant"),
    "2.1": (lambda: compat_oci(config=b"[]", annotations=FULL), "one JSON object"),
    "2.1 a key like another": (lambda: with_config(OS="linux"), "one JSON object"),
    "2.2 os": (lambda: with_config(os="wasip1"), "os is not"),
    "2.2 architecture": (lambda: with_config(architecture="arm64"), "architecture is not"),
    "2.3 type": (lambda: with_config(rootfs={"type": "x", "diff_ids": []}), "rootfs.type"),
    "2.3 diff ids": (
        lambda: with_config(rootfs={"type": "layers", "diff_ids": [DIGEST]}),
        "another diff id",
    ),
    "3.1": (lambda: compat_oci(PLUGIN_TGZ + b"x", annotations=FULL), "gzip stream"),
    "3.4 in a folder": (lambda: with_layer({"x/plugin.wasm": MODULE}), "other members"),
    "3.2 none": (lambda: with_layer({"filter.wasm": MODULE}), "no plugin.wasm"),
    "3.2 no file": (lambda: with_link("x/plugin.wasm"), "is a link"),
    "3.3 no JSON": (
        lambda: with_layer({"plugin.wasm": MODULE, "runtime-config.json": b"["}),
        "one JSON object",
    ),
    "3.3 no file": (lambda: with_link("runtime-config.json"), "is no file"),
    "3.4 others": (lambda: with_layer({"plugin.wasm": MODULE, "README": b""}), "other members"),
    "3.4 two": (
        lambda: with_layer([("plugin.wasm", MODULE), *[("runtime-config.json", b"{}")] * 2]),
        "two members",
    ),
    "3.4 two modules": (lambda: with_layer([("plugin.wasm", MODULE)] * 2), "more than one"),
    "3.5": (
        lambda: compat_oci(gzip.compress(b"x" + tar({"p": b""})[1:], mtime=0), annotations=FULL),
        "checksum",
    ),
    "3.6": (lambda: with_layer({"plugin.wasm": b"\0asm\x0d\0\1\0"}), "no core Wasm module"),
    "the config's bytes": (lambda: with_lying_blob("config"), "not those that the manifest"),
    "the config's size": (with_lying_size, "not those that the manifest"),
    "the layer's bytes": (lambda: with_lying_blob("layer"), "not those that the manifest"),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_every_rule_is_held(rule: str) -> None:
    image, says = BROKEN[rule]

    broken = [each for each in check(image()) if says in each.message]

    assert {each.severity for each in broken} == {Severity.ERROR}
    if rule[0].isdigit():
        named = re.fullmatch(r".* \(rule ([1-3](?:\.[1-7])?)\)", broken[0].where)
        assert named is not None
        assert rule.startswith(named[1])


@pytest.mark.parametrize(
    "members",
    [
        {"plugin.wasm": MODULE},
        {"plugin.wasm": MODULE + bytes(9000), "runtime-config.json": RUNTIME_CONFIG},
        {"runtime-config.json": b"{}", "plugin.wasm": MODULE},
    ],
)
def test_a_canonical_image_has_no_findings(members: dict[str, bytes]) -> None:
    assert check(with_layer(members)) == []


@pytest.mark.parametrize("image", [compat_docker(), wasme(), cncf(), higress(), wasm_to_oci()])
def test_no_other_form_is_canonical(image: Image) -> None:
    assert errors(image)


def test_what_should_be_there_is_only_a_warning() -> None:
    findings = check(compat_oci())

    assert {each.severity for each in findings} == {Severity.WARNING}
    assert [each.message.split()[2] for each in findings] == list(SAID)


def test_every_finding_is_a_sentence_with_a_place() -> None:
    for image, _ in BROKEN.values():
        for finding in check(image()):
            assert re.fullmatch(r"[A-Z].*\.", finding.message)
            assert finding.where


@given(st.binary(max_size=500), st.binary(max_size=500), st.binary(max_size=500))
def test_no_bytes_make_an_error(manifest: bytes, config: bytes, layer: bytes) -> None:
    assert check_strict(manifest, config, io.BytesIO(layer))
    sound = compat_oci()
    assert check_strict(sound.manifest, config, io.BytesIO(layer))


class TestPage:
    @pytest.fixture
    def packed(self) -> PackedImage:
        return pack(
            MODULE,
            created=datetime(2026, 1, 1, tzinfo=UTC),
            annotations=SAID,
            root_ids=["nothing"],
            abi_versions=["v0.2.1"],
        )

    @pytest.mark.parametrize("name", ["manifest", "config"])
    def test_its_example_is_what_pack_makes(self, packed: PackedImage, name: str) -> None:
        written = re.search(rf"```json {name}\n(.*?)```", PAGE.read_text(), re.DOTALL)
        made = {"manifest": packed.manifest, "config": packed.config.data}[name]

        assert written is not None
        assert json.loads(written[1]) == json.loads(made)
        assert json.dumps(json.loads(written[1]), separators=(",", ":")).encode() == made

    def test_its_digests_and_sizes_are_those_of_the_example(self, packed: PackedImage) -> None:
        page = PAGE.read_text()

        for name, data in {
            "manifest": packed.manifest,
            "config": packed.config.data,
            "layer": packed.layer.data,
        }.items():
            assert f"| {name} | {len(data)} | `{sha256_of(data)}` |" in page
        assert sha256_of(MODULE).hex in page

    def test_its_example_is_canonical(self, packed: PackedImage) -> None:
        layer = io.BytesIO(packed.layer.data)

        assert check_strict(packed.manifest, packed.config.data, layer) == []

    def test_every_annotation_that_must_be_there_is_named(self) -> None:
        page = PAGE.read_text()

        for name in FULL:
            assert f"`{name}`" in page

    @pytest.mark.slow
    def test_its_recipe_builds_a_canonical_image(self, home: Path) -> None:
        recipe = re.search(r"podman build (.*?)\npodman push (.*?)\n", PAGE.read_text(), re.DOTALL)
        assert recipe is not None
        (home / "plugin.wasm").write_bytes(MODULE)
        containerfile = re.search(r"<<'END'\n(.*?)END\n", PAGE.read_text(), re.DOTALL)
        assert containerfile is not None
        (home / "Containerfile").write_text(containerfile[1])

        for command, line in zip(("build", "push"), recipe.groups(), strict=True):
            done = podman(command, *shlex.split(line.replace("\\\n", " ")), home=home)
            assert done.returncode == 0, done.stderr

        index = json.loads((home / "my-filter/index.json").read_bytes())
        manifest = self.blob(home, index["manifests"][0]["digest"])
        named = json.loads(manifest)
        findings = check_strict(
            manifest,
            self.blob(home, named["config"]["digest"]),
            io.BytesIO(self.blob(home, named["layers"][0]["digest"])),
        )
        assert [each for each in findings if each.severity == Severity.ERROR] == []

    def blob(self, home: Path, digest: str) -> bytes:
        return (home / "my-filter/blobs" / digest.replace(":", "/")).read_bytes()

    @pytest.fixture
    def home(self) -> Iterator[Path]:
        """Podman's sockets need a short path."""
        folder = Path(tempfile.mkdtemp(prefix="pod"))
        yield folder
        shutil.rmtree(folder, ignore_errors=True)
