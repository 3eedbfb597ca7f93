"""Every finding has a sample that has it, one that has it not, and a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.wasmhub.wasm_builder import (
    PREAMBLE,
    Export,
    Import,
    a_filter,
    function_type,
    section,
    vector,
    wasm_module,
)
from wasmhub.proxywasm import Finding, Severity, analyse
from wasmhub.proxywasm.checks import IDS
from wasmhub.proxywasm.checks.shape import FUNCTIONS_MAX, LARGE_BYTES

pytestmark = pytest.mark.single_setup

ROOT = Path(__file__).resolve().parents[3]
PAGES = ROOT / "docs/findings"
COMPONENT = b"\0asm\x0d\0\x01\0"
ON_HEADERS = Export("proxy_on_request_headers", "(i32 i32 i32) -> (i32)")
# One function that returns an i32 and whose body leaves nothing on the stack.
ILL_TYPED = (
    PREAMBLE
    + section(1, vector([function_type("() -> (i32)")]))
    + section(3, b"\1\0")
    + section(10, vector([b"\2\0\x0b"]))
)

GOOD = a_filter(exports=[ON_HEADERS])
# The sample that has the finding, then the nearest one that has it not.
SAMPLES = {
    "proxywasm/callback-type": (
        a_filter(exports=[Export("proxy_on_request_headers", "(i32 i32) -> (i32)")]),
        GOOD,
    ),
    "proxywasm/no-abi-marker": (a_filter(abi="0_3_0"), a_filter(abi="0_1_0")),
    "proxywasm/no-allocator": (
        a_filter(allocator=None),
        a_filter(allocator=Export("proxy_on_memory_allocate", "(i32) -> (i32)")),
    ),
    "proxywasm/no-callback": (a_filter(exports=[Export("proxy_on_tick", "(i32) -> ()")]), GOOD),
    "wasm/component": (COMPONENT, GOOD),
    "wasm/import-type": (
        a_filter(imports=[Import("proxy_log", "(i32 i32) -> (i32)")]),
        a_filter(imports=[Import("proxy_log", "(i32 i32 i32) -> (i32)")]),
    ),
    "wasm/invalid": (ILL_TYPED, wasm_module(exports=[Export("f", "() -> (i32)")])),
    "wasm/not-wasm": (b"<html>", GOOD),
    "wasm/too-many-functions": (
        wasm_module(more_functions=FUNCTIONS_MAX + 1),
        wasm_module(more_functions=FUNCTIONS_MAX),
    ),
    "wasm/truncated": (GOOD[:-1], GOOD),
    "wasm/unknown-import": (
        a_filter(imports=[Import("abort")]),
        a_filter(imports=[Import("pthread_equal", "(i32 i32) -> (i32)")]),
    ),
    "wasm/unstripped": (
        a_filter(custom={".debug_info": bytes(LARGE_BYTES)}),
        a_filter(custom={"assets": bytes(LARGE_BYTES), ".debug_info": bytes(LARGE_BYTES // 2)}),
    ),
}
# Given by other rooms, so they have a page and no sample here.
ELSEWHERE = {"hub/could-not-check", "hub/could-not-pack", "wasm/too-heavy"}


def found(data: bytes) -> list[Finding]:
    return list(analyse(data).findings)


@pytest.mark.parametrize("finding_id", IDS)
def test_every_finding_has_a_sample_that_has_it_and_one_that_has_not(finding_id: str) -> None:
    bad, good = SAMPLES[finding_id]

    assert finding_id in {finding.id for finding in found(bad)}
    assert finding_id not in {finding.id for finding in found(good)}


@pytest.mark.parametrize("finding_id", IDS)
def test_every_finding_says_where_it_is_and_in_whole_sentences(finding_id: str) -> None:
    for finding in found(SAMPLES[finding_id][0]):
        assert finding.id in IDS
        assert finding.where
        assert re.fullmatch(r"[A-Z0-9].*\.", finding.message)
        assert finding.help == f"/docs/findings/{finding.id}"
        assert Finding.from_json(finding.as_json()) == finding


def test_every_finding_that_any_room_gives_has_a_page() -> None:
    rooms = ("wasmhub", "validation", "catalog")
    sources = [file for room in rooms for file in ROOT.glob(f"{room}/**/*.py")]
    pattern = re.compile(r'"((?:hub|image|proxywasm|wasm)/[a-z-]+)"')
    given = {each for file in sources for each in pattern.findall(file.read_text())}
    pages = {str(file.relative_to(PAGES).with_suffix("")) for file in PAGES.rglob("*.md")}

    assert set(IDS) <= given
    assert (given | ELSEWHERE) - pages == set()


@pytest.mark.parametrize("page", sorted(PAGES.rglob("*.md")), ids=lambda page: page.stem)
def test_every_page_has_a_title_its_id_and_the_mend(page: Path) -> None:
    text = page.read_text()

    assert text.startswith("# ")
    assert f"Finding `{page.relative_to(PAGES).with_suffix('')}`" in text
    assert "**How to mend it" in text


def test_a_good_filter_has_no_findings() -> None:
    assert found(GOOD) == []


class TestWhatIsNoModule:
    @pytest.mark.parametrize("size", range(1, 8))
    def test_the_first_bytes_of_a_preamble_are_cut_off(self, size: int) -> None:
        for preamble in (PREAMBLE, COMPONENT):
            (finding,) = found(preamble[:size])
            assert (finding.id, finding.where) == ("wasm/truncated", "preamble")

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (b"", "an empty file"),
            (b"\0asm\x02\0\0\0", "a version that no proxy runs"),
            (b"\0asn", "begins with 00 61 73 6e"),
            (b"\0asm"[::-1], "begins with 6d 73 61 00"),
            (b"\x1f\x8b\x08\0", "a gzip archive"),
            (b"PK\x03\x04", "a zip archive"),
            (b"\x7fELF\x02\x01\x01", "a program for this machine"),
            (b"MZ\x90\0", "Windows"),
            (b"\n  (module)", "wat2wasm"),
            (b"\xef\xbb\xbf;; a filter\n(module)", "wat2wasm"),
            (b"\n<!doctype html>", "a page"),
            (b"Not found", "a text"),
            (b"a" * 511 + "é".encode(), "a text"),
            (b"  MZ", "a text"),
            (b"\xff\xfe\0\x01", "begins with ff fe 00 01"),
        ],
    )
    def test_other_bytes_are_called_what_they_look_like(self, data: bytes, says: str) -> None:
        (finding,) = found(data)

        assert finding.id == "wasm/not-wasm"
        assert says in finding.message

    def test_a_component_is_told_to_be_built_for_another_target(self) -> None:
        (finding,) = found(COMPONENT + bytes(100))

        assert finding.id == "wasm/component"
        assert "wasm32-wasip1" in finding.message


class TestDamage:
    def test_a_malformed_last_section_is_invalid_and_not_cut_off(self) -> None:
        (finding,) = found(PREAMBLE + section(7, b"\5"))

        assert (finding.id, finding.where) == ("wasm/invalid", "export section")

    def test_what_only_an_engine_sees_is_quoted(self) -> None:
        invalid = [each for each in found(ILL_TYPED) if each.id == "wasm/invalid"]

        assert [each.severity for each in invalid] == [Severity.ERROR]
        assert "type mismatch" in invalid[0].message
