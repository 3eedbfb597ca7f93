"""Modules that do not load, start or take their configuration, and some that just do."""

from __future__ import annotations

from wasmtime import wat2wasm

from tests import filters
from tests.wasmhub.proxywasm.host.cases.writing import Cases
from tests.wasmhub.proxywasm.host.probes import Do, On, Wat, Word

cases = Cases("refused")
MARKER = '(func (export "proxy_abi_version_0_2_1"))'
MALLOC = '(func (export "malloc") (param i32) (result i32) (i32.const 1024))'
HEADERS = "proxy_on_request_headers"


def wat(name: str, *parts: str) -> None:
    cases.module(name, bytes(wat2wasm(f"(module {' '.join(parts)})")))


wat("nothing")
wat("only a later marker", '(func (export "proxy_abi_version_0_3_0"))', MALLOC)
wat("a marker that is a memory", '(memory (export "proxy_abi_version_0_2_1") 1)', MALLOC)
wat("a marker with parameters", '(func (export "proxy_abi_version_0_2_1") (param i64))', MALLOC)
wat("no memory", MARKER, MALLOC)
wat("no allocator", MARKER)
wat("an allocator that is a global", MARKER, '(global (export "malloc") i32 (i32.const 0))')
wat("an allocator of another type", MARKER, '(func (export "malloc") (param i64))')
wat("two allocators", MARKER, MALLOC, '(func (export "proxy_on_memory_allocate"))')
wat("the second allocator is wrong", MARKER, '(func (export "proxy_on_memory_allocate"))')
wat("an unknown import", '(import "env" "abort" (func (param i32)))', MARKER, MALLOC)
wat("an import from elsewhere", '(import "proxy" "proxy_log" (func))', MARKER, MALLOC)
wat("an imported global", '(import "env" "g" (global i32))', MARKER, MALLOC)
wat("an imported memory", '(import "env" "memory" (memory 1))', MARKER, MALLOC)
wat("an imported table", '(import "env" "table" (table 1 funcref))', MARKER, MALLOC)
wat("an import of another type", '(import "env" "proxy_log" (func (param i32)))', MARKER, MALLOC)
wat(
    "path_link as WASI has it",
    '(import "wasi_snapshot_preview1" "path_link"'
    " (func (param i32 i32 i32 i32 i32 i32 i32) (result i32)))",
    *(MARKER, MALLOC),
)
wat("a callback of another type", MARKER, MALLOC, f'(func (export "{HEADERS}") (param i32))')
wat(
    "a callback that is a global",
    MARKER,
    MALLOC,
    f'(global (export "{HEADERS}") i32 (i32.const 0))',
)
wat(
    "two wrong callbacks",
    MARKER,
    MALLOC,
    '(func (export "proxy_on_tick"))',
    '(func (export "proxy_on_log"))',
)
wat("a start section that traps", MARKER, MALLOC, "(func $s unreachable) (start $s)")
wat("an initialize of another type", MARKER, MALLOC, '(func (export "_initialize") (param i32))')
wat("a start of another type", MARKER, MALLOC, '(func (export "_start") (param i32))')
wat(
    "a start that is not called",
    MARKER,
    MALLOC,
    '(func (export "_initialize"))',
    '(func (export "_start") (param i32))',
)
wat(
    "a main of another type",
    MARKER,
    MALLOC,
    '(func (export "_initialize"))',
    '(func (export "main") (param i32))',
)
wat("a main that is not called", MARKER, MALLOC, '(func (export "main") (param i32))')
wat("much memory", MARKER, MALLOC, '(memory (export "memory") 1000)')
cases.module("text", filters.TEXT)
cases.module("a component", filters.COMPONENT)
cases.module("half a module", filters.truncated())
cases.module("not valid", filters.hello()[:-40] + b"\xff" * 10 + filters.hello()[-30:])
for where in ("_initialize", "_start", "vm_start", "configure", "context_create"):
    cases.probe(f"trap in {where}", On(where, Wat("unreachable"), returns=1), ending=())
for where in ("vm_start", "configure"):
    cases.probe(f"no from {where}", On(where, returns=0), ending=())
cases.probe(
    "a host function too early", On("_initialize", Do("proxy_get_current_time_nanoseconds", 8))
)
cases.probe("a clock that is early enough", On("_initialize", Do("clock_res_get", 0, Word(8))))
cases.probe("closing too early", On("_initialize", Do("fd_close", 1)))
cases.probe("leaving at the start", On("_initialize", Do("proc_exit", 0), Wat("unreachable")))

LISTED = cases.listed
