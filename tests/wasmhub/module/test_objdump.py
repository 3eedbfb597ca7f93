"""The reader says what ``wasm-objdump`` of wabt says."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.oci_clients import need
from tests.wasmhub.module.go_builder import build_go_module
from wasmhub.module import Module, Section, Table, read_module, types_of

pytestmark = [pytest.mark.slow, pytest.mark.single_setup]

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*/*/dist/*.wasm"))
# A module of what compilers seldom write, in the text format.
RARE = """
(module $rare
  (import "e" "memory" (memory i64 1 20))
  (import "e" "table" (table 1 10 externref))
  (import "e" "global" (global (mut i64)))
  (import "e" "tag" (tag (param i32)))
  (import "e" "function" (func (param v128 f64)))
  (tag (export "thrown") (param i64 f32))
  (table 2 funcref)
  (memory 1 1 shared)
  (func $start (export "start"))
  (func (result i32 v128) i32.const 1 v128.const i64x2 1 1)
  (start $start)
  (global (export "changed") (mut f32) (f32.const 1))
  (global externref (ref.null extern))
  (global v128 (v128.const i64x2 1 1))
  (global i32 (i32.add (i32.const -1) (i32.const 2)))
  (elem declare func $start)
  (elem (table 1) (i32.const 0) funcref (ref.func $start) (ref.null func))
  (elem (table 1) (offset i32.const 1) func $start 0)
  (elem externref (ref.null extern))
  (data "passive")
  (data (i64.const 3) "active")
)
"""
NUMBERS = {
    "Custom": 0, "Type": 1, "Import": 2, "Function": 3, "Table": 4, "Memory": 5, "Global": 6,
    "Export": 7, "Start": 8, "Elem": 9, "Code": 10, "Data": 11, "DataCount": 12, "Tag": 13,
}  # fmt: skip
NAMES_FOLLOW = 'Custom:\n - name: "name"\n'  # of functions and globals: they look like entries
KINDS = {"func": "function"}


@pytest.fixture(scope="module")
def go_module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_go_module(tmp_path_factory.mktemp("go"))


@pytest.fixture(scope="module")
def rare_module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rare") / "rare.wasm"
    path.with_suffix(".wat").write_text(RARE)
    program = need("wat2wasm", "sudo apt-get install wabt")
    options = ["--enable-all", "--debug-names", "-o", str(path)]
    subprocess.run([program, path.with_suffix(".wat"), *options], check=True)
    return path


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: "-".join(path.parts[-4:]))
def test_an_example_is_read_as_objdump_does(path: Path) -> None:
    require_same(path)


def test_a_go_module_is_read_as_objdump_does(go_module: Path) -> None:
    assert go_module.stat().st_size > 1_000_000
    require_same(go_module)


def test_what_compilers_seldom_write_is_read_as_objdump_does(rare_module: Path) -> None:
    require_same(rare_module)


def require_same(path: Path) -> None:
    data = path.read_bytes()
    module = read_module(data)
    details = objdump("-x", path).partition(NAMES_FOLLOW)[0]

    assert module.unread == ()
    assert sections(module, data) == list(sections_said(objdump("-h", path)))
    assert list(types_of(data)) == types_said(details)
    assert module.types == len(types_said(details))
    assert imports(module) == imports_said(details)
    assert exports(module) == exports_said(details)
    assert module.functions == count_said(details, "Function")
    assert [table(each) for each in module.tables] == spaces_said(details, "table")
    assert memories(module) == spaces_said(details, "memory")
    assert globals_(module) == spaces_said(details, "global")
    assert len(module.tags) == len(spaces_said(details, "tag"))
    assert module.start == start_said(details)
    assert module.elements == count_said(details, "Elem")
    assert module.data_segments == count_said(details, "Data")
    assert module.data_count == data_count_said(details)
    assert module.largest_body == max(sizes_said(details), default=0)


def objdump(option: str, path: Path) -> str:
    program = need("wasm-objdump", "sudo apt-get install wabt")
    command = [program, option, str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def sections(module: Module, data: bytes) -> list[tuple[int, int, int, str]]:
    names = {each.offset + each.size: each.name for each in module.custom_sections}

    def name(section: Section) -> str:
        return names[section.end] if section.number == 0 else ""

    return [(each.number, each.start, each.end, name(each)) for each in module.sections]


def sections_said(text: str) -> Iterator[tuple[int, int, int, str]]:
    pattern = r'^ *(\w+) start=0x(\w+) end=0x(\w+) \(size=0x\w+\) (?:"(.*)")?'
    for found in re.finditer(pattern, text, re.MULTILINE):
        kind, start, end, name = found.groups()
        yield NUMBERS[kind], int(start, 16), int(end, 16), name or ""


def types_said(text: str) -> list[str]:
    return [
        f"({params.replace(',', '')}) -> ({results.strip('()').replace(',', '')})".replace(
            "(nil)", "()"
        )
        for params, results in re.findall(r"^ - type\[\d+\] \((.*)\) -> (.+)$", text, re.MULTILINE)
    ]


def imports(module: Module) -> list[tuple[str, str, str]]:
    return [
        (each.kind, f"{each.module}.{each.name}", each.type if each.kind == "function" else "")
        for each in module.imports
    ]


def imports_said(text: str) -> list[tuple[str, str, str]]:
    types = types_said(text)
    pattern = r"^ - (\w+)\[\d+\] (?:sig=(\d+) )?.*<- (.*)$"
    return [
        (KINDS.get(kind, kind), name, types[int(type_)] if kind == "func" else "")
        for kind, type_, name in re.findall(pattern, text, re.MULTILINE)
    ]


def exports(module: Module) -> list[tuple[str, str]]:
    return [(each.kind, each.name) for each in module.exports]


def exports_said(text: str) -> list[tuple[str, str]]:
    pattern = r'^ - (\w+)\[\d+\](?: <.*>)? -> "(.*)"$'
    return [(KINDS.get(kind, kind), name) for kind, name in re.findall(pattern, text, re.MULTILINE)]


def table(each: Table) -> str:
    return f"type={each.type} {limits(each.minimum, each.maximum)}" + " i64" * each.is_wide


def memories(module: Module) -> list[str]:
    return [
        f"pages: {limits(each.minimum, each.maximum)}"
        + " shared" * each.is_shared
        + " i64" * each.is_wide
        for each in module.memories
    ]


def globals_(module: Module) -> list[str]:
    return [f"{each.type} mutable={each.mutable:d}" for each in module.globals]


def limits(minimum: int, maximum: int | None) -> str:
    return f"initial={minimum}" + (f" max={maximum}" if maximum is not None else "")


def spaces_said(text: str, kind: str) -> list[str]:
    """Return what describes each of a kind, imported ones first; names and values are left out."""
    lines = re.findall(rf"^ - {kind}\[\d+\] (?!.*-> \")(.*)$", text, re.MULTILINE)
    return [
        re.sub(r" (<.*>|<-.*|- init .*)$", "", re.sub(r" - init .*", "", each)) for each in lines
    ]


def count_said(text: str, section: str) -> int:
    found = re.search(rf"^{section}\[(\d+)\]:$", text, re.MULTILINE)
    return int(found[1]) if found else 0


def start_said(text: str) -> int | None:
    found = re.search(r"^ - start function: (\d+)", text, re.MULTILINE)
    return int(found[1]) if found else None


def data_count_said(text: str) -> int | None:
    found = re.search(r"^ - data count: (\d+)", text, re.MULTILINE)
    return int(found[1]) if found else None


def sizes_said(text: str) -> list[int]:
    return [int(size) for size in re.findall(r"^ - func\[\d+\] size=(\d+)", text, re.MULTILINE)]
