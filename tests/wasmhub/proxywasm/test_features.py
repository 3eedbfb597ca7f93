"""A module uses what it is not valid without, whatever its compiler declares."""

from __future__ import annotations

import pytest
from wasmtime import wat2wasm

from tests.wasmhub.wasm_builder import PREAMBLE, name, section, vector
from wasmhub.proxywasm import analyse, engine
from wasmhub.proxywasm.engine import engine_refusal

pytestmark = pytest.mark.single_setup

V128 = "(v128.const i32x4 0 0 0 0)"


def features(text: str, *declared: str) -> list[str]:
    """Return the features of a module, whose compiler may have declared some."""
    data = bytes(wat2wasm(f"(module {text})"))
    if declared:
        listed = vector(b"+" + name(each) for each in declared)
        data += section(0, name("target_features") + listed)
    assert engine_refusal(data) is None
    found: list[str] = analyse(data).as_json()["facts"]["features"]
    return found


@pytest.mark.parametrize(
    ("body", "used"),
    [
        ("nop", []),
        (f"(drop {V128})", ["simd128"]),
        (f"(drop (i8x16.relaxed_swizzle {V128} {V128}))", ["relaxed-simd", "simd128"]),
        ("(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))", ["bulk-memory"]),
        ("(block (result i32 i32) (i32.const 0) (i32.const 0)) drop drop", ["multivalue"]),
        ("(return_call $itself)", ["tail-call"]),
        ("(drop (i32.atomic.load (i32.const 0)))", ["threads"]),
        ("(drop (ref.as_non_null (ref.null func)))", ["function-references"]),
        ("(drop (ref.i31 (i32.const 1)))", ["gc"]),
        ("(block $end (try_table (catch_all $end) nop))", ["exception-handling"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_only_an_instruction_shows_is_found(body: str, used: list[str]) -> None:
    assert features(f"(memory 1) (func $itself {body})") == used


def test_what_sections_show_and_what_instructions_show_are_listed_together() -> None:
    several = f"(memory 1) (memory 1) (func (result i32 i32) (drop {V128}) unreachable)"

    assert features(several) == ["multi-memory", "multivalue", "simd128"]


@pytest.mark.parametrize("body", ["nop", "(return_call $itself)"])
def test_what_was_declared_is_left_out_where_the_engine_knows_better(body: str) -> None:
    found = features(f"(func $itself {body})", "bulk-memory", "simd128", "sign-ext")

    assert set(found) - {"tail-call"} == {"sign-ext"}
    assert ("tail-call" in found) == ("return_call" in body)


def test_an_invalid_module_has_the_features_that_are_declared() -> None:
    types, function = section(1, b"\1\x60\0\0"), section(3, b"\1\0")
    unended = section(10, b"\1\2\0\1")
    target = section(0, name("target_features") + vector([b"+" + name("simd128")]))

    facts = analyse(PREAMBLE + types + function + unended + target).facts

    assert facts.features == ("simd128",)


def test_what_is_asked_takes_no_longer_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SECONDS", -1)

    # What was not asked may be used, if its compiler says so.
    assert features("(func $itself (return_call $itself))", "tail-call") == ["tail-call"]
    assert features("(func $itself (return_call $itself))") == []


def test_strangers_texts_in_the_contents_are_escaped_and_few() -> None:
    hidden = "a\u202eb\0"
    data = PREAMBLE + b"".join(section(0, name(hidden)) for _ in range(300))
    data += section(0, name("sourceMappingURL") + name("javascript:alert(1)\u202e"))

    contents = analyse(data).as_json()["facts"]["contents"]

    assert len(contents["custom_sections"]) == 100
    assert contents["custom_sections"][0] == {"name": r"a\u{202e}b\u{0}", "size": 0}
    assert contents["source_map"] == r"javascript:alert(1)\u{202e}"
