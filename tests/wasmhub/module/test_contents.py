from __future__ import annotations

import pytest

from tests.wasmhub.wasm_builder import PREAMBLE, function_type, name, section, vector
from wasmhub.module import Global, Memory, ModuleError, Table, read_module, types_of

pytestmark = pytest.mark.single_setup

EMPTY = function_type("() -> ()")
I32_0 = b"\x41\0\x0b"


class TestSpaces:
    def test_tables_have_their_limits(self) -> None:
        plain, wide = b"\x70\1\2\3", b"\x6f\4\1"
        with_value = b"\x40\0\x63\x70\0\1\xd0\x70\x0b"

        module = read_module(PREAMBLE + section(4, vector([plain, wide, with_value])))

        assert module.tables == (
            Table("funcref", 2, 3),
            Table("externref", 1, is_wide=True),
            Table("(ref null func)", 1),
        )

    def test_imported_memories_come_first(self) -> None:
        entry = name("e") + name("m") + b"\2\3\1\2"
        data = PREAMBLE + section(2, vector([entry])) + section(5, vector([b"\x0c\5\0"]))

        assert read_module(data).memories == (
            Memory(1, 2, is_shared=True, imported=True),
            Memory(5, is_wide=True, page_bytes=1),
        )

    def test_globals_have_their_types(self) -> None:
        data = PREAMBLE + section(6, vector([b"\x7f\1" + I32_0, b"\x6f\0\xd0\x6f\x0b"]))

        assert read_module(data).globals == (Global("i32", mutable=True), Global("externref"))

    def test_an_instruction_newer_than_the_reader_leaves_the_section_unread(self) -> None:
        module = read_module(PREAMBLE + section(6, vector([b"\x7f\0\xe0\x0b"])))

        assert (module.unread, module.globals) == (("global section",), ())


class TestCode:
    @pytest.mark.parametrize("size", [2, 127, 128, 300, 16_383, 16_384])
    def test_the_largest_body_is_found(self, size: int) -> None:
        types, functions = section(1, vector([EMPTY])), section(3, b"\2\0\0")
        bodies = [name("b" * size), name("ab")]

        data = PREAMBLE + types + functions + section(10, vector(bodies))

        assert read_module(data).largest_body == size

    @pytest.mark.parametrize("body", [b"\1\5\0", b"\1\xff", b"\1\x82\7\0", b"\1\1\0\0"])
    def test_bodies_that_do_not_fill_their_section_are_refused(self, body: bytes) -> None:
        data = PREAMBLE + section(1, vector([EMPTY])) + section(3, b"\1\0") + section(10, body)

        with pytest.raises(ModuleError):
            read_module(data)


class TestFeatures:
    @pytest.mark.parametrize(
        ("sections", "features"),
        [
            (section(1, vector([EMPTY])), ()),
            (section(1, vector([function_type("() -> (i32 i32)")])), ("multivalue",)),
            (section(1, vector([function_type("(v128) -> ()")])), ("simd128",)),
            (section(1, vector([b"\x5f\0"])), ("gc",)),
            (section(4, vector([b"\x70\0\1"])), ()),
            (section(4, vector([b"\x6f\0\1"])), ("reference-types",)),
            (section(5, vector([b"\0\1"] * 2)), ("multi-memory",)),
            (section(5, vector([b"\4\1"])), ("memory64",)),
            (section(5, vector([b"\3\1\1"])), ("threads",)),
            (section(6, vector([b"\x7f\1" + I32_0])), ()),
            (section(6, vector([b"\x7f\0\x41\0\x41\0\x6a\x0b"])), ("extended-const",)),
            (
                section(6, vector([b"\x7f\1" + I32_0])) + section(7, vector([name("g") + b"\3\0"])),
                ("mutable-globals",),
            ),
            (section(1, vector([EMPTY])) + section(13, b"\1\0\0"), ("exception-handling",)),
            (section(9, vector([b"\1\0\0"])), ("bulk-memory",)),
            (section(12, b"\0"), ("bulk-memory",)),
        ],
    )
    def test_are_shown_by_the_sections(self, sections: bytes, features: tuple[str, ...]) -> None:
        assert read_module(PREAMBLE + sections).shown_features == features

    def test_those_that_compilers_declare_have_the_proposals_names(self) -> None:
        listed = vector([b"+" + name("atomics"), b"-" + name("simd128"), b"=" + name("sign-ext")])
        data = PREAMBLE + section(0, name("target_features") + listed) + section(12, b"\0")

        module = read_module(data)

        assert module.declared_features == ("sign-ext", "threads")
        assert module.features == ("bulk-memory", "sign-ext", "threads")


class TestTooling:
    def test_known_custom_sections_are_read(self) -> None:
        libraries = b"\2\5" + vector([name("lib")])
        data = PREAMBLE + b"".join(
            section(0, name(key) + payload)
            for key, payload in {
                "name": b"\0\4\3app",
                "sourceMappingURL": name("app.map"),
                "dylink.0": libraries,
            }.items()
        )

        module = read_module(data)

        assert (module.name, module.source_map) == ("app", "app.map")
        assert module.needed_libraries == ("lib",)


def test_types_are_listed() -> None:
    data = PREAMBLE + section(1, vector([EMPTY, b"\x4e\2\x5f\0\x5e\x7f\0"]))

    assert list(types_of(data)) == ["() -> ()", "struct", "array"]


def test_announced_data_must_be_there() -> None:
    with pytest.raises(ModuleError, match="ends before its data") as caught:
        read_module(PREAMBLE + section(12, b"\2"))

    assert caught.value.truncated
    with pytest.raises(ModuleError, match="announces 2 data segments and has 0"):
        read_module(PREAMBLE + section(12, b"\2") + section(11, b"\0"))
