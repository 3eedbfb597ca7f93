"""The metadata layers of Higress: read when sound, skipped with a sentence when not."""

from __future__ import annotations

import contextlib
import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wasmhub.oci.image_builder import PLUGIN_TGZ, build, higress
from wasmhub.oci import (
    HigressMetadata,
    HigressSpec,
    OciError,
    media,
    read_higress,
    read_runtime_config,
)
from wasmhub.oci.higress import read_icon, read_readme, read_spec
from wasmhub.oci.runtime_config import RuntimeConfig
from wasmhub.oci.safe_yaml import YAML_MAX_BYTES, UnsafeYamlError, read_yaml

pytestmark = pytest.mark.single_setup

SPEC = b"""\
apiVersion: 1.0.0
info:
  category: auth
  name: basic-auth/v1
  title: Basic Auth
  x-title-i18n: {en-US: Basic Auth}
  description: Asks for a name.
  iconUrl: https://example.org/icon.png
  version: 1.10
  contact: {name: alice, email: alice@example.org, url: "javascript:alert(1)"}
spec:
  phase: AUTHN
  priority: 320
  configSchema:
    openAPIV3Schema:
      type: object
      properties:
        on: {type: boolean, default: true}
        max: {type: number, minimum: 0.5, example: "1"}
"""
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(20)
DOC_EN = "application/vnd.module.wasm.doc.v1.EN+markdown"
DOC = media.HIGRESS_DOC


def read(*layers: tuple[str, bytes]) -> HigressMetadata:
    image = higress(*layers)
    return read_higress(image.parsed, image.open)


class TestRead:
    def test_all_that_a_sound_image_says(self) -> None:
        found = read(
            (media.HIGRESS_SPEC, SPEC),
            (DOC, b"\xef\xbb\xbf# Basic"),
            (DOC_EN, "# Größe".encode()),
            (media.HIGRESS_ICON, PNG),
        )

        assert found == HigressMetadata(
            spec=HigressSpec(
                category="auth",
                name="basic-auth/v1",
                title="Basic Auth",
                version="1.10",
                description="Asks for a name.",
                icon_url="https://example.org/icon.png",
                contact={"name": "alice", "email": "alice@example.org"},
                phase="AUTHN",
                priority=320,
                config_schema={
                    "type": "object",
                    "properties": {
                        "on": {"type": "boolean", "default": True},
                        "max": {"type": "number", "minimum": 0.5, "example": "1"},
                    },
                },
            ),
            readmes={"": "# Basic", "en": "# Größe"},
            icon=PNG,
        )

    def test_an_image_without_metadata_says_nothing(self) -> None:
        image = build([(media.OCI_LAYER_TAR_GZIP, PLUGIN_TGZ)])

        assert read_higress(image.parsed, image.open) == HigressMetadata()

    def test_what_is_odd_is_skipped_and_the_rest_is_read(self) -> None:
        found = read(
            (media.HIGRESS_SPEC, b"a: *b"),
            (DOC, b"\xff"),
            (DOC, b"# One"),
            (DOC, b"# Two"),
            (DOC_EN, b"a\0b"),
            (media.HIGRESS_ICON, b"<svg/>"),
            ("application/vnd.module.wasm.doc.v2+html", b""),
            ("application/vnd.module.wasm.doc.v1.../x+markdown", b""),
        )

        assert (found.spec, found.icon) == (None, None)
        assert found.readmes == {"": "# One"}
        assert len(found.skipped) == 7
        assert all(sentence.endswith(".") for sentence in found.skipped)

    def test_a_huge_layer_is_not_opened(self) -> None:
        document = json.loads(higress((DOC, b"x")).manifest)
        document["layers"][0]["size"] = 1 << 40
        image = higress((DOC, b"x"))
        image.manifest = json.dumps(document).encode()

        found = read_higress(image.parsed, lambda _digest: pytest.fail("opened"))

        assert "256 KiB" in found.skipped[0]

    def test_a_lying_blob_is_read_no_further_than_its_size(self) -> None:
        image = higress((DOC, b"x" * 10))

        class Endless(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                assert size is not None
                assert 0 < size <= 11
                return bytes(size)

        found = read_higress(image.parsed, lambda _digest: Endless())

        assert "digest" in found.skipped[0]

    def test_only_so_many_layers_are_looked_at(self) -> None:
        layers = [(f"application/vnd.module.wasm.doc.v1.a{c}+markdown", b"") for c in "bcdefghijk"]

        found = read(*layers, *(("application/vnd.module.wasm.doc.x", b"") for _ in range(50)))

        assert len(found.readmes) == 10
        assert len(found.skipped) == 10


KINDS = (media.HIGRESS_SPEC, media.HIGRESS_ICON, DOC, DOC_EN, DOC + "x")


@given(
    st.lists(
        st.tuples(st.sampled_from(KINDS), st.sampled_from([SPEC, PNG, b"# R", b""]) | st.binary()),
        min_size=1,
        max_size=6,
    )
)
def test_any_layers_are_read_or_skipped(layers: list[tuple[str, bytes]]) -> None:
    found = read(*layers)

    taken = (found.spec is not None) + (found.icon is not None) + len(found.readmes)
    assert taken + len(found.skipped) == len(layers)
    assert found.icon is None or found.icon.startswith(b"\x89PNG")


class TestSpec:
    @pytest.mark.parametrize(
        "spec",
        [
            b"",
            b"null",
            b"[]",
            b"text",
            b"info: []\nspec: 1",
            b"info: {category: [auth], name: {a: b}, iconUrl: 'javascript:x', contact: x}",
            b"spec: {priority: 1.5, phase: [], configSchema: {openAPIV3Schema: []}}",
            b"spec: {priority: true, configSchema: text}",
            b"info: {title: '" + b"x" * 3000 + b"'}",
        ],
    )
    def test_fields_of_another_kind_count_as_not_given(self, spec: bytes) -> None:
        assert read_spec(spec) == HigressSpec()

    @given(st.binary(max_size=300) | st.text(alphabet="a:-[]{}&*!|>'\"\n #%?,<~1.", max_size=80))
    def test_no_bytes_make_another_error(self, spec: bytes | str) -> None:
        data = spec if isinstance(spec, bytes) else spec.encode()
        with contextlib.suppress(OciError):
            assert isinstance(read_spec(data), HigressSpec)


class TestYaml:
    def test_plain_words_are_what_json_makes_of_them(self) -> None:
        document = b"[1, -5, 0, 1.10, 1e3, 5., true, False, null, ~, '', 'true', |\n 1\n]".replace(
            b", |\n 1\n", b""
        )

        values, texts = read_yaml(document)

        assert values == [1, -5, 0, 1.1, 1000.0, 5.0, True, False, None, None, "", "true"]
        assert texts == [
            *("1", "-5", "0", "1.10", "1e3", "5.", "true", "False", "null", "~", "", "true")
        ]

    @pytest.mark.parametrize(
        "text", ["yes", "010", "0x10", "1:30", "2026-01-01", ".nan", "1_000", "9" * 20, "1e999"]
    )
    def test_words_that_readers_of_yaml_differ_on_stay_texts(self, text: str) -> None:
        assert read_yaml(text.encode()) == (text, text)

    @pytest.mark.parametrize(
        ("document", "says"),
        [
            (b"a: &x [1]\nb: *x", "alias"),
            (b"a: &x [*x]", "alias"),
            (b"<<: &x {a: 1}\nb: *x", "alias"),
            (b"[" * 33 + b"]" * 33, "too deep"),
            (b"[" * 60_000, "too deep"),
            (b"{a: " * 60 + b"1" + b"}" * 60, "too deep"),
            (b"[" + b"a," * 10_001 + b"]", "too many"),
            (b"x" * (YAML_MAX_BYTES + 1), "64 KiB"),
            (b"---\na\n---\nb", "one YAML document"),
            (b"a: b: c", "one YAML document"),
            (b"\xff\xfe", "UTF-8"),
            (b"? [a]\n: b", "key"),
            (b'"\\0"', "NUL"),
            (b'"\\ud800"', "surrogate"),
            (b'? "\\0"\n: 1', "NUL"),
        ],
    )
    def test_what_could_hurt_is_refused(self, document: bytes, says: str) -> None:
        with pytest.raises(UnsafeYamlError, match=says):
            read_yaml(document)

    def test_tags_of_python_make_only_texts(self) -> None:
        assert read_yaml(b"!!python/object/apply:os.system [id]")[0] == ["id"]
        assert read_yaml(b"!!binary aGk=")[0] == "aGk="

    def test_a_bomb_takes_little_memory(self) -> None:
        bomb = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
            b"%c: &%c [%s]\n" % (i + 1, i + 1, b",".join([b"*%c" % i] * 9))
            for i in range(ord("a"), ord("k"))
        )
        tracemalloc.start()
        with pytest.raises(UnsafeYamlError):
            read_yaml(bomb)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert peak < 1024 * 1024

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.text("ab: 1"),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text("ab", min_size=1), inner, max_size=3)
            ),
            max_leaves=8,
        )
    )
    def test_json_is_read_as_what_it_is(self, value: object) -> None:
        assert read_yaml(json.dumps(value).encode())[0] == value


class TestReadmeAndIcon:
    @pytest.mark.parametrize("data", [b"\xff", b"\xed\xa0\x80", b"a\0", b"x" * (256 * 1024 + 1)])
    def test_a_readme_is_a_text_of_some_length(self, data: bytes) -> None:
        with pytest.raises(OciError):
            read_readme(data)

    @pytest.mark.parametrize(
        "data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"<svg/>", PNG + bytes(256 * 1024)]
    )
    def test_an_icon_is_a_png_of_some_size(self, data: bytes) -> None:
        with pytest.raises(OciError):
            read_icon(data)


class TestRuntimeConfig:
    @pytest.mark.parametrize(
        "document",
        [
            {"type": "envoy_proxy", "abiVersions": ["v0.2.1"], "config": {"rootIds": ["a", "b"]}},
            {"type": "envoy_proxy", "abi_versions": ["v0.2.1"], "config": {"root_ids": ["a", "b"]}},
        ],
    )
    def test_both_spellings_are_read(self, document: object) -> None:
        found = read_runtime_config(json.dumps(document).encode())

        assert found == RuntimeConfig("envoy_proxy", ("v0.2.1",), ("a", "b"))
        assert found is not None
        assert found.as_json() == {
            "type": "envoy_proxy",
            "abi_versions": ["v0.2.1"],
            "root_ids": ["a", "b"],
        }

    @pytest.mark.parametrize(
        "document",
        [
            {},
            {"type": 1, "abiVersions": "x", "config": []},
            {"abiVersions": [1, None, "x" * 300, "a\0b"], "config": {"rootIds": [{}, "\u202e"]}},
        ],
    )
    def test_odd_parts_count_as_not_declared(self, document: object) -> None:
        assert read_runtime_config(json.dumps(document).encode()) == RuntimeConfig()

    @pytest.mark.parametrize(
        "data", [b"", b"[]", b"\xff", b'{"a":1,"a":2}', b"[" * 60_000, b" " * 65_537 + b"{}"]
    )
    def test_what_is_none_is_none(self, data: bytes) -> None:
        assert read_runtime_config(data) is None

    @given(st.binary(max_size=100))
    def test_no_bytes_make_an_error(self, data: bytes) -> None:
        assert isinstance(read_runtime_config(data), RuntimeConfig | None)
