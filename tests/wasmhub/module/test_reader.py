from __future__ import annotations

import pytest

from tests.wasmhub.wasm_builder import (
    PREAMBLE,
    Export,
    Import,
    function_type,
    leb,
    name,
    producers,
    section,
    vector,
    wasm_module,
)
from wasmhub.module import CustomSection, ModuleError, Producers, kind_of, read_module

pytestmark = pytest.mark.single_setup

SAMPLE = wasm_module(
    imports=[Import("proxy_log", "(i32 i32 i32) -> (i32)")],
    exports=[Export("run", "(i64) -> (i32 i32)"), Export("memory", kind="memory")],
    custom={"producers": producers(language={"Rust": "2021"})},
)


def refusal(data: bytes) -> ModuleError:
    with pytest.raises(ModuleError) as caught:
        read_module(data)
    return caught.value


def importing(*types: bytes, index: int = 0) -> bytes:
    """Return a module with a type section that imports ``env.f`` of one of its types."""
    entry = name("env") + name("f") + b"\0" + leb(index)
    return PREAMBLE + section(1, vector(types)) + section(2, vector([entry]))


class TestKind:
    @pytest.mark.parametrize(
        ("data", "kind"),
        [
            (PREAMBLE, "module"),
            (SAMPLE, "module"),
            (b"\0asm\x0d\0\x01\0", "component"),
            (b"\0asm\x02\0\0\0", "invalid"),
            (b"\0asm\x01\0\x02\0", "invalid"),
            (PREAMBLE[:7], "invalid"),
            (b"", "invalid"),
            (b"\x7fELF\x01\0\0\0", "invalid"),
        ],
    )
    def test_is_told_by_the_first_eight_bytes(self, data: bytes, kind: str) -> None:
        assert kind_of(data) == kind

    def test_what_is_no_module_is_not_read(self) -> None:
        assert refusal(b"\0asm\x0d\0\x01\0").where == "preamble"


class TestSections:
    def test_imports_and_exports_come_in_file_order_with_types(self) -> None:
        module = read_module(SAMPLE)

        assert [(each.module, each.name, each.kind, each.type) for each in module.imports] == [
            ("env", "proxy_log", "function", "(i32 i32 i32) -> (i32)")
        ]
        assert [(each.name, each.kind, each.type) for each in module.exports] == [
            ("run", "function", "(i64) -> (i32 i32)"),
            ("memory", "memory", ""),
        ]

    def test_an_exported_import_has_the_type_of_the_import(self) -> None:
        data = importing(function_type("(f32) -> ()")) + section(7, vector([name("f") + b"\0\0"]))

        assert [each.type for each in read_module(data).exports] == ["(f32) -> ()"]

    def test_every_kind_of_import_is_read(self) -> None:
        kinds = ["table", "memory", "global", "tag", "function"]

        module = read_module(wasm_module(imports=[Import(kind, kind=kind) for kind in kinds]))

        assert [each.kind for each in module.imports] == kinds
        assert [each.type for each in module.imports] == ["", "", "", "() -> ()", "() -> ()"]

    @pytest.mark.parametrize(
        "limits",
        [b"\0\1", b"\1\1\2", b"\3\1\2", b"\4" + leb(2**40), b"\5\1" + leb(2**48), b"\x08\1\0"],
    )
    def test_every_form_of_limits_is_read(self, limits: bytes) -> None:
        entry = name("env") + name("memory") + b"\2" + limits

        module = read_module(PREAMBLE + section(2, vector([entry])))

        assert [each.kind for each in module.imports] == ["memory"]

    def test_the_modules_own_functions_are_counted(self) -> None:
        data = wasm_module(imports=[Import("g")], exports=[Export("f")], more_functions=199)

        assert read_module(data).functions == 200

    def test_functions_of_types_beyond_one_byte_are_counted(self) -> None:
        types = [function_type(f"({'i32 ' * count}) -> ()") for count in range(200)]
        data = PREAMBLE + section(1, vector(types)) + section(3, vector([leb(199), leb(3)]))
        exports = section(7, vector([name("f") + b"\0\0"]))

        module = read_module(data + exports + section(10, vector([b"\2\0\x0b"] * 2)))

        assert module.functions == 2
        assert module.exports[0].type == f"({' '.join(['i32'] * 199)}) -> ()"

    def test_the_start_function_is_read(self) -> None:
        data = importing(function_type("() -> ()")) + section(8, b"\0")

        assert read_module(data).start == 0
        assert read_module(SAMPLE).start is None

    @pytest.mark.parametrize(
        ("sections", "where", "says"),
        [
            (section(14, b""), "section 14", "no section of number 14"),
            (section(2, b"\0") + section(1, b"\0"), "type section", "twice or too late"),
            (section(7, b"\0") * 2, "export section", "twice or too late"),
            (section(6, b"\0") + section(13, b"\0"), "tag section", "twice or too late"),
            (section(1, b"\0x"), "type section", "1 bytes follow the last entry"),
            (section(3, b"\2\0"), "function section", "ends too early"),
            (section(3, b"\1\0\0"), "function section", "announces 1 functions and has 2"),
            (section(3, b"\1" + b"\0" * 6), "function section", "more bytes"),
            (section(3, b"\1" + b"\x80" * 5), "function section", "too long"),
            (section(10, vector([b"\2\0\x0b"])), "code section", "declares 0 functions"),
            (section(7, vector([name("f") + b"\0\0"])), "export section", "function 0 of 0"),
            (section(7, vector([name("f") + b"\2\0"] * 2)), "export section", "same name twice"),
            (section(7, vector([name("f") + b"\7\0"])), "export section", "unknown kind 7"),
            (section(7, b"\1\1\xff\2\0"), "export section", "not UTF-8"),
            (section(2, vector([name("") * 2 + b"\0\5"])), "import section", "type 5 of 0"),
            (section(2, vector([name("") * 2 + b"\2\x10\0"])), "import section", "limits"),
            (section(2, vector([name("") * 2 + b"\3\x11\0"])), "import section", "not known"),
        ],
    )
    def test_what_breaks_the_format_is_refused_with_the_place(
        self, sections: bytes, where: str, says: str
    ) -> None:
        error = refusal(PREAMBLE + sections)

        assert (error.where, error.truncated) == (where, False)
        assert says in str(error)


class TestTypes:
    @pytest.mark.parametrize(
        "text",
        ["() -> ()", "(i32 i64 f32 f64) -> (i32 i64)", "(v128 externref) -> (f64)"],
    )
    def test_are_shown_as_they_were_written(self, text: str) -> None:
        assert read_module(importing(function_type(text))).imports[0].type == text

    @pytest.mark.parametrize(
        ("encoded", "shown"),
        [
            (b"\x63\x70", "(ref null func)"),
            (b"\x64\x6b", "(ref struct)"),
            (b"\x63\x02", "(ref null 2)"),
            (b"\x71", "nullref"),
            (b"\x69", "exnref"),
        ],
    )
    def test_references_are_shown_as_in_the_text_format(self, encoded: bytes, shown: str) -> None:
        data = importing(b"\x60\1" + encoded + b"\0")

        assert read_module(data).imports[0].type == f"({shown}) -> ()"

    def test_a_function_after_types_of_other_forms_is_found(self) -> None:
        group = b"\x4e" + vector([b"\x5f" + vector([b"\x7f\0", b"\x78\1"]), b"\x5e\x7f\1"])
        sub = b"\x50\1\0" + function_type("(i32) -> ()")

        assert read_module(importing(group, sub, index=2)).imports[0].type == "(i32) -> ()"

    def test_a_type_that_is_no_functions_cannot_be_imported(self) -> None:
        error = refusal(importing(b"\x5f\0"))

        assert "which is no function's" in str(error)

    @pytest.mark.parametrize("newer", [b"\x44", b"\x60\1\x11\0", b"\x5f\1\x7f\7"])
    def test_a_form_newer_than_the_reader_makes_the_rest_unknown(self, newer: bytes) -> None:
        known = function_type("(i32) -> ()")
        modules = [importing(known, newer, known, index=index) for index in (0, 2)]

        types = [read_module(data).imports[0].type for data in modules]

        assert types == ["(i32) -> ()", "?"]

    @pytest.mark.parametrize("newer", [b"\x44", b"\x60\1\x11\0"])
    def test_an_import_of_such_a_form_has_an_unknown_type(self, newer: bytes) -> None:
        assert read_module(importing(newer)).imports[0].type == "?"


class TestCustomSections:
    def test_are_placed_wherever_they_stand(self) -> None:
        first, last = section(0, name("a") + b"12"), section(0, name("a"))
        data = PREAMBLE + first + section(1, b"\0") + last

        assert read_module(data).custom_sections == (
            CustomSection("a", 12, 2),
            CustomSection("a", len(data), 0),
        )

    def test_one_whose_name_runs_past_its_end_is_damaged_not_cut_off(self) -> None:
        error = refusal(PREAMBLE + section(0, b"\x05ab"))

        assert (error.where, error.truncated) == ("custom section", False)

    def test_the_producers_are_read(self) -> None:
        data = producers(
            language={"Rust": "", "C11": "x"}, processed_by={"rustc": "1.95"}, sdk={"s": "1"}
        )

        assert read_module(wasm_module(custom={"producers": data})).producers == Producers(
            language={"Rust": "", "C11": "x"}, processed_by={"rustc": "1.95"}, sdk={"s": "1"}
        )

    @pytest.mark.parametrize("junk", [b"", b"\xff", b"\1\x08language\x7f", b"\1\1\xff\0"])
    def test_malformed_producers_say_nothing(self, junk: bytes) -> None:
        assert read_module(wasm_module(custom={"producers": junk})).producers == Producers()


class TestTruncation:
    def test_a_module_cut_at_any_byte_of_a_section_is_said_to_be_cut_off(self) -> None:
        between = {len(PREAMBLE)}
        offset = len(PREAMBLE)
        while offset < len(SAMPLE):
            offset += 2 + SAMPLE[offset + 1]
            between.add(offset)

        for end in set(range(len(PREAMBLE), len(SAMPLE))) - between:
            error = refusal(SAMPLE[:end])
            assert error.truncated, (end, str(error))

    def test_a_module_cut_between_its_functions_and_their_code_is_too(self) -> None:
        data = PREAMBLE + section(1, vector([function_type("() -> ()")])) + section(3, b"\1\0")

        error = refusal(data)

        assert (error.truncated, error.where) == (True, "code section")

    @pytest.mark.parametrize("number", [1, 2, 3, 7, 8, 10, 0])
    def test_a_last_section_that_contradicts_its_size_is_not(self, number: int) -> None:
        assert refusal(PREAMBLE + section(number, b"\x05")[:-1] + b"\x85").truncated is False
