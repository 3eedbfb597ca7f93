"""Every finding has a sample that has it, one that has it not, and a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.wasmhub.proxywasm.samples import COMPONENT, GOOD, ILL_TYPED, SAMPLES
from tests.wasmhub.wasm_builder import PREAMBLE, section
from wasmhub.proxywasm import Finding, Severity, analyse
from wasmhub.proxywasm.checks import IDS

pytestmark = pytest.mark.single_setup

ROOT = Path(__file__).resolve().parents[3]
PAGES = ROOT / "docs/findings"
# Given by other rooms, so they have a page and no sample here.
ELSEWHERE = {"hub/could-not-check", "hub/could-not-pack", "wasm/too-heavy"}


def found(data: bytes) -> list[Finding]:
    return list(analyse(data).findings)


@pytest.mark.parametrize("finding_id", IDS)
def test_every_finding_has_a_sample_that_has_it_and_one_that_has_not(finding_id: str) -> None:
    bad, good = SAMPLES[finding_id]

    assert finding_id in {finding.id for finding in bad.findings}
    assert finding_id not in {finding.id for finding in good.findings}


@pytest.mark.parametrize("finding_id", IDS)
def test_every_finding_says_where_it_is_and_in_whole_sentences(finding_id: str) -> None:
    for finding in SAMPLES[finding_id][0].findings:
        assert finding.id in IDS
        assert finding.where
        assert re.fullmatch(r"[A-Z0-9].*\.", finding.message)
        assert finding.help == f"/docs/findings/{finding.id}"
        assert Finding.from_json(finding.as_json()) == finding


def test_there_are_as_many_samples_as_checks_and_one_check_in_each_file() -> None:
    files = ROOT.glob("wasmhub/proxywasm/checks/[a-z]*.py")

    assert sorted(SAMPLES) == list(IDS)
    assert len(set(IDS)) == len(IDS) == len(list(files))


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
