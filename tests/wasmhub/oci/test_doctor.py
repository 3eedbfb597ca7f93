"""The doctor: every form is recognised, every mistake has a sample, a page and a mend."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wasmhub.oci.image_builder import (
    MODULE,
    PLUGIN_TAR,
    PLUGIN_TGZ,
    VARIANT,
    Image,
    build,
    cncf,
    compat_docker,
    compat_oci,
    higress,
    index,
    tgz,
    wasm_to_oci,
    wasme,
)
from wasmhub.oci import (
    Diagnosis,
    Inspection,
    examine,
    inspect_image,
    media,
    parse_manifest,
    sha256_of,
)
from wasmhub.oci.doctor import FORM_LETTERS
from wasmhub.proxywasm import Severity

pytestmark = pytest.mark.single_setup

ROOT = Path(__file__).resolve().parents[3]
LIMIT = 1 << 20
FORGED = bytearray(PLUGIN_TAR)
FORGED[124:135] = b"77777777777"
FORGED[148:156] = b" " * 8
FORGED[148:156] = b"%06o\0 " % sum(FORGED[:512])


def inspect(image: Image, limit: int = LIMIT) -> Inspection:
    return inspect_image(image.parsed, image.open, limit)


def diagnose(image: Image, limit: int = LIMIT) -> Diagnosis:
    return inspect(image, limit).diagnosis


def ids(diagnosis: Diagnosis) -> list[str]:
    return [finding.id for finding in diagnosis.findings]


def loads(diagnosis: Diagnosis) -> dict[str, bool | None]:
    return {loader.name: loader.loads for loader in diagnosis.loaders}


SHA512 = "sha512:" + "0" * 128
PLUGIN = (media.OCI_LAYER_TAR_GZIP, PLUGIN_TGZ)
NOT_WASM = build([(media.OCI_LAYER_TAR_GZIP, tgz({"app": b""}))])


class TestForms:
    # Istio and Envoy Gateway, Gloo, Harbor, wkg, image volumes.
    @pytest.mark.parametrize(
        ("image", "letter", "answers", "conversions", "pin"),
        [
            (compat_oci(), "A", (True, None, True, False, True), ["cncf"], "itself"),
            (
                compat_docker(),
                "B",
                (True, None, False, False, True),
                ["canonical", "cncf"],
                "itself",
            ),
            (wasme(), "C", (True, True, True, False, None), ["canonical", "cncf"], "itself"),
            (cncf(), "D", (False, None, False, True, None), ["canonical"], "canonical"),
            (higress(), "E", (True, None, False, False, None), ["canonical", "cncf"], "itself"),
            (
                wasm_to_oci(),
                "F",
                (False, None, True, False, None),
                ["canonical", "cncf"],
                "canonical",
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_each_form_is_known_with_those_who_load_it(
        self,
        image: Image,
        letter: str,
        answers: tuple[bool | None, ...],
        conversions: list[str],
        pin: str,
    ) -> None:
        inspection = inspect(image)
        diagnosis = inspection.diagnosis

        assert diagnosis.form is not None
        assert FORM_LETTERS[diagnosis.form] == letter
        proxies, *others = answers
        names = ["gloo", "harbor", "wkg", "image-volume"]
        assert loads(diagnosis) == {
            "istio": proxies,
            "envoy-gateway": proxies,
            **dict(zip(names, others, strict=True)),
        }
        assert list(diagnosis.plan.conversions if diagnosis.plan else []) == conversions
        assert diagnosis.pin == pin
        assert inspection.module is not None
        assert inspection.module.data == MODULE

    def test_a_sound_canonical_image_has_no_findings(self) -> None:
        assert ids(diagnose(compat_oci())) == []
        assert ids(diagnose(compat_docker())) == []
        assert ids(diagnose(wasme())) == []

    def test_harbor_goes_by_the_exact_annotation(self) -> None:
        other = compat_oci(annotations={"module.wasm.image/variant": "compat-smart"})
        handler = compat_oci(annotations={"run.oci.handler": "wasm"})

        assert loads(diagnose(other))["harbor"] is False
        assert loads(diagnose(handler))["harbor"] is True

    def test_wkg_takes_exactly_one_layer(self) -> None:
        layers = [(media.WASM, MODULE), ("text/plain", b"")]

        diagnosis = diagnose(build(layers, config_type=media.CNCF_CONFIG, config=b"{}"))

        assert diagnosis.form == "cncf"
        assert loads(diagnosis)["wkg"] is False

    def test_what_holds_no_module_is_left_alone(self) -> None:
        diagnosis = diagnose(NOT_WASM)

        assert (diagnosis.form, diagnosis.findings, diagnosis.plan, diagnosis.pin) == (
            None,
            (),
            None,
            None,
        )
        assert set(loads(diagnosis).values()) == {None}

    def test_an_ordinary_image_with_plugin_wasm_is_a_filter(self) -> None:
        diagnosis = diagnose(build([(media.OCI_LAYER_TAR_GZIP, tgz({"app": b""})), PLUGIN]))

        assert diagnosis.form == "compat-oci"
        assert loads(diagnosis)["istio"]

    def test_from_the_manifest_alone_the_last_layer_is_not_certain(self) -> None:
        declared = examine(compat_oci().parsed)
        ordinary = examine(NOT_WASM.parsed)

        assert loads(declared)["istio"] is loads(ordinary)["istio"] is None
        assert declared.pin == "itself"
        assert (ordinary.pin, ordinary.plan) == (None, None)

    def test_it_is_written_as_json(self) -> None:
        written = json.loads(json.dumps(diagnose(cncf()).as_json()))

        assert (written["form"], written["letter"], written["pin"]) == ("cncf", "D", "canonical")
        assert written["conversions"] == ["canonical"]
        assert written["findings"][0]["help"] == "/docs/findings/image/cncf-form"
        assert {"name", "title", "loads", "reason"} == set(written["loaders"][0])


# The sample that has the mistake, its severity, whether Istio loads it, and which digest to pin.
MISTAKES: dict[str, tuple[Image, str, bool | None, str | None]] = {
    "image/ambiguous": (
        compat_oci(tgz([("plugin.wasm", MODULE), ("x/plugin.wasm", MODULE)])),
        "error",
        None,
        None,
    ),
    "image/bad-archive": (compat_oci(PLUGIN_TGZ[:-1]), "error", None, None),
    "image/cncf-form": (cncf(), "error", False, "canonical"),
    "image/diff-ids": (compat_oci(config=b"{}"), "warning", True, "itself"),
    "image/extra-layer": (
        wasme((media.HIGRESS_DOC, b"# Readme")),
        "error",
        False,
        "canonical",
    ),
    "image/index": (index((compat_oci(), "linux/amd64")), "warning", True, "child"),
    "image/index-without-child": (
        index((compat_oci(), "linux/arm64")),
        "error",
        False,
        None,
    ),
    "image/layer-order": (
        build([PLUGIN, (media.HIGRESS_DOC, b"# Readme")], annotations=VARIANT),
        "error",
        False,
        "canonical",
    ),
    "image/mixed-media-types": (
        build([(media.DOCKER_LAYER_TAR_GZIP, PLUGIN_TGZ)], annotations=VARIANT),
        "error",
        False,
        "canonical",
    ),
    "image/no-plugin-wasm": (compat_oci(tgz({"filter.wasm": MODULE})), "error", False, None),
    "image/not-sha256": (
        compat_oci(subject={"mediaType": media.OCI_MANIFEST, "digest": SHA512, "size": 2}),
        "error",
        False,
        None,
    ),
    "image/one-raw-layer": (wasme(config_layer=False), "error", False, "canonical"),
    "image/too-large": (compat_oci(tgz({"plugin.wasm": bytes(LIMIT + 1)})), "error", None, None),
    "image/uncompressed": (
        build([(media.OCI_LAYER_TAR, PLUGIN_TAR)], annotations=VARIANT),
        "error",
        False,
        "canonical",
    ),
    "image/unsupported-form": (
        build([("text/plain", b"")], annotations=VARIANT),
        "error",
        False,
        None,
    ),
    "image/wasm-to-oci-form": (wasm_to_oci(), "error", False, "canonical"),
    "image/wrong-media-type": (compat_oci(MODULE), "error", False, None),
    "image/zstd": (
        build(
            [(media.OCI_LAYER_TAR_ZSTD, b"\x28\xb5\x2f\xfd")],
            annotations=VARIANT,
            config=b"{}",
        ),
        "error",
        False,
        None,
    ),
}
# Given by the strict check only.
STRICT = {"image/not-canonical"}


class TestMistakes:
    @pytest.mark.parametrize("mistake", sorted(MISTAKES))
    def test_each_mistake_is_found_and_says_who_loads_the_image(self, mistake: str) -> None:
        image, severity, istio, pin = MISTAKES[mistake]

        diagnosis = diagnose(image)

        assert ids(diagnosis) == [mistake]
        (finding,) = diagnosis.findings
        assert finding.severity == Severity(severity)
        assert re.fullmatch(r"[A-Z].*\.", finding.message)
        assert loads(diagnosis)["istio"] is loads(diagnosis)["envoy-gateway"] is istio
        assert diagnosis.pin == pin
        assert (diagnosis.plan is None) == (pin is None)

    @pytest.mark.parametrize("mistake", sorted(MISTAKES))
    def test_every_answer_is_a_sentence(self, mistake: str) -> None:
        for loader in diagnose(MISTAKES[mistake][0]).loaders:
            assert re.fullmatch(r"[A-Za-z].*\.", loader.reason)
            assert "{}" not in loader.reason

    def test_every_mistake_with_a_page_has_a_sample(self) -> None:
        pages = {f"image/{page.stem}" for page in (ROOT / "docs/findings/image").glob("*.md")}

        assert set(MISTAKES) | STRICT == pages

    def test_a_forged_size_in_a_header_is_found(self) -> None:
        assert ids(diagnose(build([("x", b"")], annotations=VARIANT))) != ["image/too-large"]

        diagnosis = diagnose(compat_oci(tgz({"plugin.wasm": MODULE})), limit=4)
        forged = diagnose(build([(media.OCI_LAYER_TAR, bytes(FORGED))], annotations=VARIANT))

        assert ids(diagnosis) == ["image/too-large"]
        assert ids(forged) == ["image/too-large", "image/uncompressed"]
        assert {each.severity for each in forged.findings} == {Severity.ERROR}

    def test_one_mistake_does_not_hide_the_other(self) -> None:
        diagnosis = diagnose(
            build(
                [(media.OCI_LAYER_TAR, PLUGIN_TAR)],
                annotations=VARIANT,
                config=json.dumps({"rootfs": {"diff_ids": ["sha256:x"]}}).encode(),
            )
        )

        assert ids(diagnosis) == ["image/uncompressed", "image/diff-ids"]


class TestDiffIds:
    @pytest.mark.parametrize(
        ("config", "says"),
        [
            (b"", "can be read"),
            (b"[]", "can be read"),
            (b'{"rootfs":[]}', "can be read"),
            (b'{"rootfs":{"diff_ids":"x"}}', "can be read"),
            (b'{"rootfs":{"diff_ids":[1]}}', "can be read"),
            (b'{"rootfs":{"diff_ids":[]}}', "1 archives, and its config lists 0"),
            (b'{"rootfs":{"diff_ids":["a","b"]}}', "lists 2"),
            (b'{"rootfs":{"diff_ids":["sha256:0"]}}', "another diff id"),
            (b'{"a":' * 40 + b"1" + b"}" * 40, "can be read"),
            (compat_oci().config + b" " * (4 << 20), "can be read"),
        ],
    )
    def test_what_containers_do_not_unpack_is_said(self, config: bytes, says: str) -> None:
        diagnosis = diagnose(compat_oci(config=config))

        (finding,) = diagnosis.findings
        assert (finding.id, finding.where) == ("image/diff-ids", "the config")
        assert says in finding.message
        assert diagnosis.plan is not None
        assert diagnosis.plan.conversions == ("canonical", "cncf")
        assert loads(diagnosis)["image-volume"] is None
        assert loads(diagnosis)["istio"] is True

    def test_the_diff_id_is_compared_at_the_layers_own_place(self) -> None:
        other = (media.OCI_LAYER_TAR_GZIP, tgz({"app": b""}))

        assert ids(diagnose(build([other, PLUGIN], annotations=VARIANT))) == []
        assert ids(
            diagnose(build([other, PLUGIN], annotations=VARIANT, config=compat_oci().config))
        ) == ["image/diff-ids"]

    def test_for_higress_it_is_only_noted(self) -> None:
        (finding,) = diagnose(higress()).findings

        assert (finding.id, finding.severity) == ("image/diff-ids", Severity.NOTE)

    @given(st.binary(max_size=200) | st.text(alphabet='{}[]",:rotfsdi_0', max_size=80))
    def test_no_config_makes_an_error(self, config: bytes | str) -> None:
        data = config if isinstance(config, bytes) else config.encode()

        assert ids(diagnose(compat_oci(config=data))) == ["image/diff-ids"]


class TestIndexes:
    def test_the_child_is_named_by_its_digest(self) -> None:
        child = compat_oci()

        diagnosis = diagnose(index((cncf(), "linux/arm64"), (child, "linux/amd64")))

        assert str(child.digest) in diagnosis.findings[0].message
        assert diagnosis.form == "compat-oci"

    def test_the_childs_own_mistakes_follow(self) -> None:
        diagnosis = diagnose(index((cncf(), None)))

        assert ids(diagnosis) == ["image/index", "image/cncf-form"]
        assert diagnosis.pin == "canonical"
        assert (loads(diagnosis)["istio"], loads(diagnosis)["wkg"]) == (False, None)

    @pytest.mark.parametrize(
        ("image", "istio"),
        [
            (index((NOT_WASM, "linux/amd64"), (compat_oci(), "linux/arm64")), False),
            (index((index((compat_oci(), "linux/amd64")), "linux/amd64")), None),
            (index(), False),
        ],
        ids=["no module in it", "nested", "empty"],
    )
    def test_a_child_without_a_module_is_none(self, image: Image, istio: bool | None) -> None:
        diagnosis = diagnose(image)

        assert ids(diagnosis) == ["image/index-without-child"]
        assert loads(diagnosis)["istio"] is istio
        assert diagnosis.pin is None

    def test_without_its_child_an_index_is_only_known_to_be_one(self) -> None:
        diagnosis = examine(index((compat_oci(), "linux/amd64")).parsed)

        assert ids(diagnosis) == ["image/index"]
        assert set(loads(diagnosis).values()) == {None}
        assert diagnosis.pin is None

    def test_a_digest_that_is_not_sha256_spoils_the_whole_index(self) -> None:
        document = json.loads(index((compat_oci(), "linux/amd64")).manifest)
        document["manifests"].append({**document["manifests"][0], "digest": SHA512})
        manifest = parse_manifest(json.dumps(document).encode(), None)

        assert ids(examine(manifest, child=compat_oci().parsed)) == ["image/not-sha256"]


@given(
    kinds=st.lists(
        st.sampled_from(
            [
                *sorted(media.ARCHIVE_LAYERS),
                media.WASM,
                media.WASME_CONTENT,
                media.WASME_CONFIG,
                media.WASM_TO_OCI_CONTENT,
                media.HIGRESS_SPEC,
                media.DOCKER_FOREIGN_LAYER,
                "text/plain",
            ]
        ),
        max_size=4,
    ),
    content=st.sampled_from([MODULE, PLUGIN_TAR, PLUGIN_TGZ, b"", b"x" * 600]),
    config_type=st.sampled_from([media.OCI_CONFIG, media.WASME_CONFIG, media.CNCF_CONFIG, "x"]),
    media_type=st.sampled_from([media.OCI_MANIFEST, media.DOCKER_MANIFEST]),
    annotations=st.sampled_from([None, VARIANT]),
)
def test_any_mixture_is_answered_and_an_error_with_a_plan_is_mended(
    kinds: list[str], content: bytes, **more: Any
) -> None:
    image = build([(kind, content) for kind in kinds], config=b"{}", **more)

    diagnosis = diagnose(image)

    failed = any(each.severity == Severity.ERROR for each in diagnosis.findings)
    assert not (failed and diagnosis.plan) or diagnosis.pin == "canonical"
    assert (diagnosis.pin is None) == (diagnosis.plan is None)
    if diagnosis.pin == "itself":
        assert loads(diagnosis)["istio"] is True
    if diagnosis.pin == "canonical":
        assert diagnosis.plan is not None
        assert "canonical" in diagnosis.plan.conversions
        assert loads(diagnosis)["istio"] is False
    assert sha256_of(content) in image.blobs or not kinds
