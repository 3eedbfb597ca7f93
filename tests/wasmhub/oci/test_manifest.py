from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmhub.oci import (
    MANIFEST_MAX_BYTES,
    InvalidManifestError,
    ParsedManifest,
    parse_manifest,
    sha256_of,
)
from wasmhub.oci.media import (
    DOCKER_FOREIGN_LAYER,
    DOCKER_MANIFEST,
    DOCKER_MANIFEST_LIST,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER_TAR_GZIP,
    OCI_MANIFEST,
)


def descriptor(content: bytes = b"x", media_type: str = OCI_LAYER_TAR_GZIP, **more: object) -> Any:
    return {
        "mediaType": media_type,
        "digest": str(sha256_of(content)),
        "size": len(content),
        **more,
    }


def image(**changes: object) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(b"{}", OCI_CONFIG),
        "layers": [descriptor()],
        **changes,
    }


def index(**changes: object) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [descriptor(b"child", OCI_MANIFEST)],
        **changes,
    }


def parse(document: object, content_type: str | None = None) -> ParsedManifest:
    return parse_manifest(json.dumps(document).encode(), content_type)


def without(document: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


class TestAccepted:
    def test_an_image_is_read(self) -> None:
        subject = descriptor(b"subject", OCI_MANIFEST)

        parsed = parse(image(subject=subject, annotations={"a": "1"}), OCI_MANIFEST)

        assert parsed.kind == "image"
        assert parsed.media_type == OCI_MANIFEST
        assert parsed.config is not None
        assert parsed.config.digest == sha256_of(b"{}")
        assert [layer.size for layer in parsed.layers] == [1]
        assert parsed.manifests == ()
        assert parsed.subject is not None
        assert parsed.subject.digest == sha256_of(b"subject")
        assert parsed.annotations == {"a": "1"}

    def test_an_index_is_read(self) -> None:
        child = descriptor(
            b"child", OCI_MANIFEST, platform={"os": "linux", "architecture": "arm64"}
        )

        parsed = parse(index(manifests=[child]), OCI_INDEX)

        assert parsed.kind == "index"
        assert parsed.config is None
        assert parsed.required_blobs() == ()
        [platform] = [child.platform for child in parsed.manifests]
        assert platform is not None
        assert (platform.os, platform.architecture) == ("linux", "arm64")

    @pytest.mark.parametrize(
        ("document", "kind"),
        [
            (image(mediaType=DOCKER_MANIFEST), "image"),
            (index(mediaType=DOCKER_MANIFEST_LIST), "index"),
        ],
    )
    def test_dockers_types_are_read(self, document: dict[str, Any], kind: str) -> None:
        assert parse(document, document["mediaType"]).kind == kind

    def test_the_content_type_may_stand_for_the_media_type(self) -> None:
        parsed = parse(without(image(), "mediaType"), f"{OCI_MANIFEST}; charset=utf-8")

        assert parsed.media_type == OCI_MANIFEST

    def test_gos_empty_lists_are_empty(self) -> None:
        assert parse(image(layers=None, annotations=None, subject=None)).layers == ()
        assert parse(index(manifests=None)).manifests == ()
        assert parse(index(manifests=[])).manifests == ()

    def test_unknown_fields_are_left_alone(self) -> None:
        assert parse(image(**{"org.example.custom": {"NaN": [1.5, None, True]}})).kind == "image"

    def test_embedded_data_that_match_are_taken(self) -> None:
        data = base64.b64encode(b"{}").decode()

        assert parse(image(config=descriptor(b"{}", OCI_CONFIG, data=data))).config is not None

    def test_a_manifest_of_almost_four_mebibytes_is_read(self) -> None:
        annotations = {f"a{i}": "x" * 10_000 for i in range(390)}

        assert len(parse(image(annotations=annotations)).annotations) == 390


class TestArtifactType:
    def test_it_is_the_stated_one(self) -> None:
        assert parse(image(artifactType="application/x")).artifact_type == "application/x"
        assert parse(index(artifactType="application/x")).artifact_type == "application/x"

    @pytest.mark.parametrize("absent", [None, ""])
    def test_an_image_falls_back_to_its_config(self, absent: str | None) -> None:
        assert parse(image(artifactType=absent)).artifact_type == OCI_CONFIG

    def test_an_index_has_no_other(self) -> None:
        assert parse(index()).artifact_type is None


class TestRequiredBlobs:
    def test_they_are_config_and_layers_each_once(self) -> None:
        layer = descriptor(b"layer")

        parsed = parse(image(layers=[layer, layer]))

        assert [blob.digest for blob in parsed.required_blobs()] == [
            sha256_of(b"{}"),
            sha256_of(b"layer"),
        ]

    @pytest.mark.parametrize(
        "layer",
        [
            descriptor(urls=["https://store.example/x"]),
            descriptor(media_type=DOCKER_FOREIGN_LAYER),
            descriptor(media_type="application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"),
        ],
    )
    def test_non_distributable_layers_are_not_asked_for(self, layer: object) -> None:
        parsed = parse(image(layers=[layer]))

        assert [blob.digest for blob in parsed.required_blobs()] == [sha256_of(b"{}")]

    def test_a_subject_is_not_asked_for(self) -> None:
        parsed = parse(image(layers=[], subject=descriptor(b"gone", OCI_MANIFEST)))

        assert len(parsed.required_blobs()) == 1


class TestRefused:
    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            (b"", "JSON in UTF-8"),
            (b"\xff", "JSON in UTF-8"),
            (b"\xef\xbb\xbf{}", "JSON in UTF-8"),
            (b"{", "JSON in UTF-8"),
            (b"{} {}", "JSON in UTF-8"),
            (b'{"a": ' + b"1" * 5000 + b"}", "JSON in UTF-8"),
            (b"[]", "JSON object"),
            (b"null", "JSON object"),
            (b'{"a": NaN}', "NaN"),
            (b'{"a": -Infinity}', "NaN or Infinity"),
            (b'{"a": 1, "a": 1}', "repeat a key"),
            (b'{"x": [{"a": 1, "\\u0061": 1}]}', "repeat a key"),
            (b'{"a":' * 40 + b"1" + b"}" * 40, "at most 32 deep"),
            (b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "at most 32 deep"),
            (b'{"a":' * 100_000, "at most 32 deep"),
        ],
        ids=lambda value: value[:20].decode(errors="replace") if isinstance(value, bytes) else "",
    )
    def test_bodies_that_readers_could_differ_about(self, body: bytes, sentence: str) -> None:
        with pytest.raises(InvalidManifestError, match=sentence):
            parse_manifest(body, OCI_MANIFEST)

    def test_a_body_over_four_mebibytes(self) -> None:
        with pytest.raises(InvalidManifestError, match="at most 4 MiB"):
            parse_manifest(b" " * (MANIFEST_MAX_BYTES + 1), OCI_MANIFEST)

    @pytest.mark.parametrize("version", [None, 1, 3, 2.0, "2", True])
    def test_another_schema_version(self, version: object) -> None:
        with pytest.raises(InvalidManifestError, match="schemaVersion"):
            parse(image(schemaVersion=version))

    @pytest.mark.parametrize(
        ("document", "content_type", "sentence"),
        [
            (image(), OCI_INDEX, "must be equal"),
            (image(), "application/json", "must be equal"),
            (index(), OCI_MANIFEST, "must be equal"),
            (image(mediaType=7), None, "is a text"),
            (image(mediaType="application/json"), None, "must be an OCI"),
            (image(mediaType=""), "", "must be an OCI"),
            (without(image(), "mediaType"), None, "must be an OCI"),
            (without(image(), "mediaType"), DOCKER_MANIFEST, "must state its mediaType"),
        ],
    )
    def test_types_that_disagree(
        self, document: object, content_type: str | None, sentence: str
    ) -> None:
        with pytest.raises(InvalidManifestError, match=sentence):
            parse(document, content_type)

    @pytest.mark.parametrize(
        "document",
        [
            image(manifests=[]),
            image(manifests=None),
            image(fsLayers=[]),
            index(layers=[]),
            index(config=descriptor()),
            index(mediaType=DOCKER_MANIFEST_LIST, layers=[descriptor()]),
        ],
    )
    def test_two_kinds_at_once(self, document: object) -> None:
        with pytest.raises(InvalidManifestError, match="two kinds at once"):
            parse(document)

    @pytest.mark.parametrize(
        "document",
        [
            image(Layers=[]),
            image() | {"layer\u017f": []},
            image() | {"Config": {}, "CONFIG": {}},
            image() | {"manife\u017fts": []},
            image(layers=[descriptor(Digest="x")]),
            index(manifests=[descriptor(platform={"OS": "linux"})]),
        ],
    )
    def test_keys_that_go_readers_take_for_others(self, document: object) -> None:
        with pytest.raises(InvalidManifestError, match="with other letters"):
            parse(document)

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"config": None}, r"config is an object"),
            ({"config": []}, r"config is an object"),
            ({"layers": {}}, r"layers is a list"),
            ({"layers": ["x"]}, r"layers\[0\] is an object"),
            ({"layers": [descriptor()] * 1001}, r"at most 1000 layers"),
            ({"layers": [{}]}, r"layers\[0\]\.mediaType has 1 to 255"),
            ({"layers": [descriptor(media_type="x" * 256)]}, r"1 to 255"),
            ({"layers": [descriptor(mediaType=1)]}, r"mediaType is a text"),
            ({"layers": [descriptor(digest="sha256:x")]}, r"digest is wrong"),
            ({"layers": [descriptor(digest=None)]}, r"digest is wrong"),
            ({"layers": [descriptor(size=-1)]}, r"whole number of bytes"),
            ({"layers": [descriptor(size=True)]}, r"whole number of bytes"),
            ({"layers": [descriptor(size=1.0)]}, r"whole number of bytes"),
            ({"layers": [descriptor(size="1")]}, r"whole number of bytes"),
            ({"layers": [descriptor(size=2**63)]}, r"whole number of bytes"),
            ({"layers": [descriptor(urls="https://x")]}, r"urls is a list"),
            ({"layers": [descriptor(urls=[1])]}, r"urls is a list"),
            ({"layers": [descriptor(platform="linux")]}, r"platform is an object"),
            ({"layers": [descriptor(artifactType=1)]}, r"artifactType is a text"),
            ({"layers": [descriptor(), descriptor(size=2)]}, r"two different sizes"),
            ({"subject": "x"}, r"subject is an object"),
            ({"artifactType": 1}, r"artifactType is a text"),
            ({"annotations": []}, r"annotations of the manifest map"),
            ({"annotations": {"a": 1}}, r"annotations of the manifest map"),
            ({"annotations": {"a": None}}, r"annotations of the manifest map"),
            ({"annotations": {"a": "\0"}}, r"NUL or half a surrogate"),
            ({"annotations": {"\ud800": "a"}}, r"NUL or half a surrogate"),
            ({"layers": [descriptor(annotations={"a": 1})]}, r"annotations of layers\[0\] map"),
            ({"layers": [descriptor(b"a", data="Yg==")]}, r"not what its digest names"),
            ({"layers": [descriptor(b"a", data="YWE=")]}, r"not what its digest names"),
            ({"layers": [descriptor(b"a", data="Y")]}, r"data is base64"),
            ({"layers": [descriptor(b"a", data="Ä")]}, r"data is base64"),
            ({"layers": [descriptor(b"a", data=1)]}, r"data is a text"),
        ],
    )
    def test_malformed_fields(self, change: dict[str, Any], sentence: str) -> None:
        with pytest.raises(InvalidManifestError, match=sentence) as caught:
            parse(image(**change))

        assert str(caught.value).endswith(".")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
fields = st.sampled_from(
    ["schemaVersion", "mediaType", "config", "layers", "manifests", "subject", "annotations"]
)


@given(st.binary(max_size=60), st.none() | st.text(max_size=10))
def test_random_bytes_never_crash_the_reader(body: bytes, content_type: str | None) -> None:
    with pytest.raises(InvalidManifestError):
        parse_manifest(body, content_type)


@given(st.dictionaries(fields, json_values), st.sampled_from([image(), index()]))
def test_random_values_are_refused_or_read(
    changes: dict[str, Any], document: dict[str, Any]
) -> None:
    try:
        parsed = parse({**document, **changes})
    except InvalidManifestError:
        return

    assert parsed.kind in {"image", "index"}


@given(st.sampled_from(["config", "layer"]), st.sampled_from(list(descriptor())), json_values)
def test_random_descriptors_are_refused_or_read(place: str, key: str, value: object) -> None:
    changed = {**descriptor(), key: value}
    document = image(config=changed) if place == "config" else image(layers=[changed])

    try:
        parsed = parse(document)
    except InvalidManifestError:
        return

    assert all(blob.size >= 0 for blob in parsed.required_blobs())
