from __future__ import annotations

import hashlib
import json

import pytest

from tests.wasmhub.wasm_builder import PREAMBLE, Export, Import, a_filter, producers, wasm_module
from wasmhub.proxywasm import CAPABILITIES, RULE_SET, analyse, facts_of
from wasmhub.proxywasm.escaping import NAME_LENGTH

pytestmark = pytest.mark.single_setup

ON_HEADERS = Export("proxy_on_request_headers", "(i32 i32 i32) -> (i32)")


def test_facts_have_the_fixed_shape() -> None:
    data = a_filter(
        imports=[Import("proxy_log", "(i32 i32 i32) -> (i32)")],
        exports=[ON_HEADERS],
        custom={"producers": producers(language={"Rust": ""}, sdk={"proxy-wasm": "0.2.1"})},
    )

    facts = facts_of(data, b'{"config": {"rootIds": ["main", "second"]}}').as_json()

    assert facts == {
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "kind": "module",
        "abi": "0.2.1",
        "contexts": ["http"],
        "language": "rust",
        "sdk": "proxy-wasm 0.2.1",
        "root_ids": ["main", "second"],
        "imports": [
            {
                "module": "env",
                "name": "proxy_log",
                "kind": "function",
                "type": "(i32 i32 i32) -> (i32)",
            }
        ],
        "exports": [
            {"name": "proxy_abi_version_0_2_1", "kind": "function", "type": "() -> ()"},
            {"name": "malloc", "kind": "function", "type": "(i32) -> (i32)"},
            {
                "name": "proxy_on_request_headers",
                "kind": "function",
                "type": "(i32 i32 i32) -> (i32)",
            },
            {"name": "memory", "kind": "memory", "type": ""},
        ],
        "capabilities": ["log", "request-headers"],
        "features": [],
        "contents": {
            "functions": 3,
            "tables": 0,
            "globals": 0,
            "element_segments": 0,
            "data_segments": 0,
            "start": False,
            "memories": [{"minimum": 65536, "maximum": None, "imported": False, "shared": False}],
            "custom_sections": [{"name": "producers", "size": 39}],
            "producers": [
                {"field": "language", "name": "Rust", "version": ""},
                {"field": "sdk", "name": "proxy-wasm", "version": "0.2.1"},
            ],
            "source_map": None,
        },
    }


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"", "invalid"), (b"\0asm\x0d\0\x01\0", "component"), (PREAMBLE + b"\1\5", "invalid")],
)
def test_what_is_no_module_has_size_kind_and_nothing_else(data: bytes, kind: str) -> None:
    facts = facts_of(data).as_json()

    assert (facts.pop("size"), facts.pop("kind"), facts.pop("root_ids")) == (len(data), kind, [""])
    assert len(facts.pop("sha256")) == 64
    assert not any(facts.values())


def test_an_analysis_names_its_rule_set_and_says_the_worst_first() -> None:
    data = a_filter(imports=[Import("nowhere")])

    document = analyse(data).as_json()

    assert document["rule_set"] == RULE_SET
    assert document["facts"] == facts_of(data).as_json()
    assert [each["severity"] for each in document["findings"]] == ["error", "warning"]
    assert set(document["findings"][0]) == {"id", "severity", "message", "where", "help"}


def test_warnings_alone_pass_and_an_error_does_not() -> None:
    assert analyse(a_filter()).passed
    assert not analyse(a_filter(abi=None)).passed


class TestContexts:
    @pytest.mark.parametrize(
        ("exports", "contexts"),
        [
            ([ON_HEADERS], ("http",)),
            ([Export("proxy_on_new_connection", "(i32) -> (i32)")], ("tcp",)),
            ([Export("proxy_on_upstream_data", "(i32 i32 i32) -> (i32)"), ON_HEADERS], None),
            ([Export("proxy_on_tick", "(i32) -> ()")], ()),
            ([Export("proxy_on_request_headers", kind="memory")], ()),
        ],
    )
    def test_follow_from_the_exported_functions(
        self, exports: list[Export], contexts: tuple[str, ...] | None
    ) -> None:
        both = ("http", "tcp")

        assert facts_of(wasm_module(exports=exports)).contexts == (
            both if contexts is None else contexts
        )


class TestCapabilities:
    def test_follow_from_imports_and_exports(self) -> None:
        data = wasm_module(
            imports=[Import("proxy_http_call"), Import("random_get", module="wasi_unstable")],
            exports=[Export("proxy_on_request_body", "(i32 i32 i32) -> (i32)")],
        )

        capabilities = facts_of(data).capabilities

        assert capabilities == ("http-call", "random", "request-body")
        assert set(capabilities) <= CAPABILITIES.keys()

    def test_come_from_functions_only(self) -> None:
        data = wasm_module(
            imports=[Import("proxy_log", kind="global")],
            exports=[Export("proxy_on_request_body", kind="memory")],
        )

        assert facts_of(data).capabilities == ()


class TestRootIds:
    @pytest.mark.parametrize(
        ("config", "root_ids"),
        [
            (None, ("",)),
            (b"", ("",)),
            (b"not json", ("",)),
            (b"[" * 100_000, ("",)),
            (b"[]", ("",)),
            (b'{"config": {"rootIds": []}}', ("",)),
            (b'{"config": {"rootIds": "a"}}', ("",)),
            (b'{"config": {"root_ids": ["a"]}}', ("a",)),
            (b'{"config": {"rootIds": ["a", 1, null, ""]}}', ("a", "")),
            (json.dumps({"config": {"rootIds": ["a" * 201, "b"]}}).encode(), ("b",)),
        ],
    )
    def test_are_read_from_the_images_runtime_config(
        self, config: bytes | None, root_ids: tuple[str, ...]
    ) -> None:
        assert facts_of(PREAMBLE, config).root_ids == root_ids

    def test_are_at_most_twenty(self) -> None:
        config = json.dumps({"config": {"rootIds": [str(number) for number in range(30)]}})

        assert len(facts_of(PREAMBLE, config.encode()).root_ids) == 20


class TestStrangersNames:
    """What a database refuses, or a page would show wrongly, never leaves as it is."""

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("a\0b", r"a\u{0}b"),
            ("\x1b[31m\x7f\x85", r"\u{1b}[31m\u{7f}\u{85}"),
            ("gnp.\u202eexe", r"gnp.\u{202e}exe"),
            ("\u2028\ufeff\uffff", r"\u{2028}\u{feff}\u{ffff}"),
            ("Größe 😀", "Größe 😀"),
            ("", ""),
            ("a" * NAME_LENGTH, "a" * NAME_LENGTH),
            ("a" * NAME_LENGTH + "b", "a" * NAME_LENGTH + "…"),
        ],
    )
    def test_in_imports_and_exports_are_escaped_and_cut(self, name: str, shown: str) -> None:
        data = wasm_module(imports=[Import(name, module=name)], exports=[Export(name)])

        facts = facts_of(data).as_json()

        assert (facts["imports"][0]["module"], facts["imports"][0]["name"]) == (shown, shown)
        assert facts["exports"][0]["name"] == shown

    def test_in_findings_are_printable(self) -> None:
        data = wasm_module(imports=[Import("a\0\u202e" * 500)], exports=[Export("\0")])

        texts = json.dumps(analyse(data).as_json())

        assert "\\u0000" not in texts
        assert "\\u202e" not in texts

    def test_of_sdks_and_languages_are_escaped(self) -> None:
        data = producers(language={"\0evil": ""}, sdk={"s\0": "1\n"})

        facts = facts_of(wasm_module(custom={"producers": data})).as_json()

        assert facts["language"] is None
        assert facts["sdk"] == r"s\u{0} 1"

    def test_of_root_ids_are_escaped_even_lone_surrogates(self) -> None:
        config = rb'{"config": {"rootIds": ["\u0000", "\ud800"]}}'

        facts = facts_of(PREAMBLE, config).as_json()

        assert facts["root_ids"] == [r"\u{0}", r"\u{d800}"]

    def test_the_largest_module_stays_within_what_the_reader_may_answer(self) -> None:
        facts = facts_of(wasm_module(imports=[Import("\0" * 1_000)] * 4_100))

        assert facts.kind == "module"
        assert len(json.dumps(facts.as_json())) < 32 * 1024**2
