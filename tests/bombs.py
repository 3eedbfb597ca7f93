"""Modules that want too much: of who reads them, and of who runs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wasmtime import wat2wasm

from tests.wasmhub.proxywasm.host.cases.writing import GRANTED, http_call
from tests.wasmhub.proxywasm.host.probes import Do, On, Text, Wat, probe
from tests.wasmhub.wasm_builder import PREAMBLE, a_filter, leb, section

MILLION = 1_000_000
# What every filter has, around something: types, functions and code come with it.
SHELL = """(module {} (memory (export "memory") 1)
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "malloc") (param i32) (result i32) (i32.const 0)) {})"""


def written(before: str = "", after: str = "") -> bytes:
    """Build a filter with more of the text format in it."""
    return bytes(wat2wasm(SHELL.format(before, after)))


def one_body(code: bytes) -> bytes:
    """Build a module whose one function has this body, locals included."""
    body = leb(len(code)) + code
    types_and_function = section(1, b"\1\x60\0\0") + section(3, b"\1\0")
    return PREAMBLE + types_and_function + section(10, b"\1" + body)


# By name: how it is built, the finding that it ends in, and words that name the limit.
TO_READ: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "a million functions": (
        lambda: a_filter(more_functions=MILLION - 10),
        "wasm/too-many-functions",
        "more than 50000",
    ),
    "more functions than are counted": (
        lambda: a_filter(more_functions=MILLION),
        "wasm/invalid",
        "more than 1000000 functions",
    ),
    "a body of eight megabytes": (
        lambda: one_body(b"\0" + b"\1" * 8_000_000 + b"\x0b"),
        "wasm/invalid",
        "exceeds limit of 7654321",
    ),
    "four billion locals": (
        lambda: one_body(b"\1" + leb(2**32 - 1) + b"\x7f\x0b"),
        "wasm/invalid",
        "locals exceed maximum",
    ),
    "a million imports": (
        lambda: (
            PREAMBLE + section(1, b"\1\x60\0\0") + section(2, leb(MILLION) + bytes(4 * MILLION))
        ),
        "wasm/invalid",
        "more than 10000 imports",
    ),
    "a million custom sections": (
        lambda: PREAMBLE + b"\0\1\0" * MILLION,
        "wasm/invalid",
        "more than 1,000 custom sections",
    ),
    "a million tables": (
        lambda: PREAMBLE + section(4, leb(MILLION) + b"\x70\0\0" * MILLION),
        "wasm/invalid",
        "more than 100000 tables",
    ),
    "four gigabytes of memory": (
        lambda: written().replace(b"\5\3\1\0\1", b"\5\5\1\0\x80\x80\4"),
        "wasm/memory-too-large",
        "at most 1024",
    ),
    "a table of four billion": (
        lambda: written("(table 4294967295 funcref)"),
        "wasm/table-too-large",
        "at most 10,000,000",
    ),
}

_FOREVER = Wat("(loop $again (br $again))")
_CALLED = (
    "vm_start configure context_create request_headers request_body response_headers "
    "response_body log done delete".split()
)


def storm(function: str, *arguments: Any) -> bytes:
    """Build a filter that calls a host function for ever."""
    step = Do(function, *arguments, quiet=True)
    return probe(On("request_headers", Wat("(loop $again"), step, Wat("(br $again))")))


def _grow(what: str) -> bytes:
    table = "(table $grown 1 funcref)" if what == "table" else ""
    grow = {
        "table": "(table.grow $grown (ref.null func) (i32.const 1000))",
        "memory": "(memory.grow (i32.const 64))",
    }[what]
    loop = f"(loop $more (br_if $more (i32.ne {grow} (i32.const -1)))) unreachable"
    return probe(On("request_headers", Wat(loop)), more=table)


def _compiling() -> bytes:
    """Build a filter with a function of a million blocks, each within the one before."""
    shallow, deep = b"\0\0\x0b", b"\0" + b"\2\x40" * MILLION + b"\x0b" * (MILLION + 1)
    small = a_filter()
    code = section(10, b"\2" + b"\3" + shallow + b"\3" + shallow)
    return small.replace(code, section(10, b"\2" + leb(len(deep)) + deep + b"\3" + shallow))


# By name: how it is built, the trial, what may come of it, and words that say why.
TO_TRY: dict[str, tuple[Callable[[], bytes], dict[str, Any], str, str]] = {
    **{
        f"a loop without end in {name}": (
            lambda name=name: probe(On(name, _FOREVER, returns=1)),  # type: ignore[misc]
            {"request": {"method": "POST", "body": "x"}},
            "limited",
            "units of fuel",
        )
        for name in _CALLED
    },
    "memory that grows": (lambda: _grow("memory"), {}, "limited", "128 MiB of memory"),
    "a table that grows": (lambda: _grow("table"), {}, "trapped", "unreachable"),
    "a storm of lines": (
        lambda: storm("proxy_log", 2, Text("x")),
        {},
        "limited",
        "more than 1000 lines",
    ),
    "a storm of shared data": (
        lambda: storm("proxy_set_shared_data", 0, 100_000, 0, 100_000, 0),
        {},
        "limited",
        "bytes",
    ),
    "a storm of callouts": (
        lambda: probe(On("request_headers", Wat("(loop $again"), http_call(), Wat("(br $again))"))),
        GRANTED,
        "limited",
        "callouts",
    ),
    "headers that take six times as much to say": (
        lambda: storm("proxy_add_header_map_value", 0, 0, 100, 0, 1_000_000),
        {},
        "limited",
        "an answer of more than 32 MiB",
    ),
    "a storm of headers": (
        lambda: storm("proxy_add_header_map_value", 0, Text("x-a"), Text("v" * 10_000)),
        {},
        "limited",
        "keep more than 16777216 bytes",
    ),
    "a body of gigabytes": (
        lambda: probe(
            On("response_headers"),
            On(
                "response_body",
                Wat("(loop $again"),
                Do("proxy_set_buffer_bytes", 1, 1_000_000_000, 0, 0, 8_000_000, quiet=True),
                Wat("(br $again))"),
            ),
        ),
        {},
        "limited",
        "bytes",
    ),
    "a stack without end": (
        lambda: probe(
            On("request_headers", Wat("(drop (call $deeper (i32.const 1)))")),
            more="""(func $deeper (param i32) (result i32)
              (i32.add (call $deeper (local.get 0)) (i32.const 1)))""",
        ),
        {},
        "limited",
        "stack",
    ),
    "a million blocks to compile": (_compiling, {}, "limited", "more than 1.5 GiB of memory"),
}
