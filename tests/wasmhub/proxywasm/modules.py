"""Sound and broken modules to ask both the rules and the real Envoys about."""

from __future__ import annotations

from collections.abc import Iterator

from tests.filters import EXAMPLES
from tests.wasmhub.proxywasm.samples import GOOD, MEMORY, SAMPLES, written
from tests.wasmhub.wasm_builder import PREAMBLE, Export, Import, a_filter, wasm_module
from wasmhub.proxywasm import Severity
from wasmhub.proxywasm.abi import ALLOCATOR_TYPE, MARKERS, WASI_TYPES, callbacks, host_functions
from wasmhub.proxywasm.checks import CHECKS

ABIS = {abi: abi.replace(".", "_") for abi in MARKERS.values()}
# Too much work for a proxy, and no question of compatibility.
HEAVY = {"wasm/too-many-functions", "wasm/large"}
LOG = '(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))'
EXIT = '(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))'
TO_LOG = "(drop (call $log (i32.const 2) (i32.const 0) (i32.const 4)))"


def examples() -> dict[str, bytes]:
    """Return every built example."""
    files = sorted(EXAMPLES.glob("*/*/dist/*.wasm"))
    return {str(file.relative_to(EXAMPLES)): file.read_bytes() for file in files}


def modules() -> dict[str, bytes]:
    """Return every module whose fate the rules can know."""
    return dict(
        each
        for some in (_samples, _imports, _type_traps, _exports, _starts, _sizes, _features, _bytes)
        for each in some()
    )


def _samples() -> Iterator[tuple[str, bytes]]:
    """Yield what has each finding; beside what has an error, what has it not, too."""
    errors = {check.id for check in CHECKS if check.severity == Severity.ERROR}
    for finding_id, (bad, good) in SAMPLES.items():
        if finding_id not in HEAVY:
            yield f"{finding_id} bad", bad.data
            if finding_id in errors:
                yield f"{finding_id} good", good.data


def _imports() -> Iterator[tuple[str, bytes]]:
    for name, type_ in WASI_TYPES.items():
        yield f"wasi.{name}", a_filter(imports=[Import(name, type_, "wasi_snapshot_preview1")])
    for name in ("fd_write", "poll_oneoff", "fd_tell"):
        old = Import(name, WASI_TYPES[name], "wasi_unstable")
        yield f"wasi_unstable.{name}", a_filter(imports=[old])
    every = {name: type_ for abi in ABIS for name, type_ in host_functions(abi).items()}
    for name, type_ in every.items():
        of_all = all(name in host_functions(abi) for abi in ABIS)
        for abi in ["0.2.1"] if of_all else ABIS:
            yield f"env.{name} in {abi}", a_filter(abi=ABIS[abi], imports=[Import(name, type_)])
    for kind in ("memory", "table", "global", "tag", "function"):
        yield f"an unknown {kind}", a_filter(imports=[Import("nowhere", kind=kind)])
        twice = [Import(name, module="env", kind=kind) for name in ("one", "two")]
        yield (
            f"two unknown of {kind}",
            wasm_module(
                imports=twice,
                exports=[Export("proxy_abi_version_0_2_1"), Export("malloc", ALLOCATOR_TYPE)],
            ),
        )
    yield "the same twice", a_filter(imports=[Import("proxy_done", "() -> (i32)")] * 2)
    yield "of another module", a_filter(imports=[Import("proxy_done", "() -> (i32)", "proxy")])
    yield "a name in two modules", a_filter(imports=[Import("fd_close", "(i32) -> (i32)", "env")])


def _type_traps() -> Iterator[tuple[str, bytes]]:
    seven, five = " ".join(["i32"] * 7), " ".join(["i32"] * 5)
    for name, type_, module in (
        ("path_link", f"({seven}) -> (i32)", "wasi_snapshot_preview1"),
        ("path_symlink", f"({five}) -> (i32)", "wasi_snapshot_preview1"),
        ("path_symlink", f"({five}) -> (i32)", "wasi_unstable"),
        ("proc_exit", "(i32) -> (i32)", "wasi_snapshot_preview1"),
        ("fd_seek", "(i32 i32 i32 i32) -> (i32)", "wasi_unstable"),
        ("clock_time_get", "(i32 i32 i32) -> (i32)", "wasi_snapshot_preview1"),
        ("proxy_log", "(i32 i32 i32) -> ()", "env"),
        ("proxy_log", "(i64 i32 i32) -> (i32)", "env"),
        ("proxy_record_metric", "(i32 i32) -> (i32)", "env"),
        ("proxy_increment_metric", "(i32 f64) -> (i32)", "env"),
        ("pthread_equal", "(i32) -> (i32)", "env"),
        ("emscripten_notify_memory_growth", "(i32) -> (i32)", "env"),
    ):
        yield f"{module}.{name} {type_}", a_filter(imports=[Import(name, type_, module)])


_OF_SOME_ABIS = ("proxy_on_request_headers", "proxy_on_foreign_function")


def _exports() -> Iterator[tuple[str, bytes]]:
    for abi, spelled in ABIS.items():
        exports = [Export(name, type_) for name, type_ in callbacks(abi).items()]
        # Their bodies trap, so those that are called at start are left out.
        kept = [each for each in exports if each.name != "proxy_on_vm_start"]
        yield f"all callbacks of {abi}", a_filter(abi=spelled, exports=kept)
        for name in callbacks(abi) if abi == "0.2.1" else _OF_SOME_ABIS:
            wrong = Export(name, "(f64) -> ()")
            yield f"{name} of {abi}, wrong", a_filter(abi=spelled, exports=[wrong])
        for count in (2, 3):
            type_ = f"({' '.join(['i32'] * count)}) -> (i32)"
            response = Export("proxy_on_response_headers", type_)
            yield f"headers of {abi}, {count}", a_filter(abi=spelled, exports=[response])
    good, bad = ALLOCATOR_TYPE, "(i64) -> (i32)"
    for first in (good, bad, None):
        for second in (good, bad, None):
            listed = {"malloc": first, "proxy_on_memory_allocate": second}
            exports = [Export(name, type_) for name, type_ in listed.items() if type_]
            yield f"allocators {first}, {second}", a_filter(allocator=None, exports=exports)
    yield "an allocator of memory", a_filter(allocator=Export("malloc", kind="global"))
    for order in (("0_1_0", "0_2_1"), ("0_2_1", "0_1_0"), ("0_3_0", "0_2_0"), ("0_3_0",), ()):
        markers = [Export(f"proxy_abi_version_{each}") for each in order]
        headers = Export("proxy_on_request_headers", "(i32 i32) -> (i32)")
        yield f"markers {order}", a_filter(abi=None, exports=[*markers, headers])
    typed = Export("proxy_abi_version_0_2_1", "(i64) -> (f32)")
    yield "a marker with a type", a_filter(abi=None, exports=[typed])
    of_memory = Export("proxy_abi_version_0_2_1", kind="memory")
    yield "a marker that is a memory", a_filter(abi=None, exports=[of_memory])


def _starts() -> Iterator[tuple[str, bytes]]:
    of_main, of_void = "(param i32 i32) (result i32) (i32.const 0)", "(result i32) (i32.const 0)"
    for first in ("", "_initialize"):
        for second, types in {
            "main": ("", of_main, of_void),
            "__main_void": ("", of_main, of_void),
            "_start": ("", "(param i32)"),
            "__wasm_call_ctors": ("", "(param i32)"),
        }.items():
            for type_ in types:
                before = f'(func (export "{first}"))' if first else ""
                started = f'(func (export "{second}") {type_})'
                yield f"{first} {second} {type_}", written(MEMORY, before, started)
    yield (
        "_initialize with a parameter",
        written(MEMORY, '(func (export "_initialize") (param i32))'),
    )
    yield "a start that logs", written(LOG, MEMORY, f'(func (export "_start") {TO_LOG})')


def _sizes() -> Iterator[tuple[str, bytes]]:
    for limits in ("16384", "16385", "1 16385", "1 65536", "i64 1", "i64 16385", "1 2 shared"):
        yield f"memory {limits}", written(f'(memory (export "memory") {limits})')
        yield f"hidden memory {limits}", written(f"(memory {limits})")
        yield f"imported memory {limits}", written(f'(import "env" "memory" (memory {limits}))')
    for limits in ("10000000", "10000001", "1 4294967295", "i64 1"):
        yield f"table {limits}", written(MEMORY, f"(table {limits} funcref)")
    for name in ("0", "7", "4294967294", "4294967295", "00", "-1", "1.5", "", "length"):
        yield f"an export called {name!r}", a_filter(exports=[Export(name)])
    yield "a memory called 0", written('(memory (export "0") 1)')
    for limits in ("i64 1", "10000001"):
        imported = f'(import "env" "table" (table {limits} funcref))'
        yield f"imported table {limits}", written(imported, MEMORY)
    yield "no memory", written("")
    yield "two memories", written(MEMORY, "(memory 1)")
    yield "an imported and an own memory", written('(import "a" "b" (memory 1))', MEMORY)


def _features() -> Iterator[tuple[str, bytes]]:
    v128 = "(v128.const i64x2 1 2)"
    yield "SIMD", written(MEMORY, f"(func (result v128) {v128})")
    for name, body in {
        "relaxed SIMD": f"(drop (i8x16.relaxed_swizzle {v128} {v128}))",
        "bulk memory": "(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))",
        "two results": "(block (result i32 i32) (i32.const 0) (i32.const 0)) drop drop",
        "references that are not null": "(drop (ref.as_non_null (ref.null func)))",
        "references that are numbers": "(drop (ref.i31 (i32.const 1)))",
        "exceptions that are caught": "(block $end (try_table (catch_all $end) nop))",
    }.items():
        yield name, written(MEMORY, f"(func {body})")
    yield "exceptions", written(MEMORY, "(tag $t) (func (throw $t))")
    yield "garbage collection", written(MEMORY, "(type (struct (field i32)))")
    yield "tail calls", written(MEMORY, "(func $f (return_call $f))")
    yield "atomics", written(MEMORY, "(func (drop (i32.atomic.load (i32.const 0))))")
    yield "pages of one byte", written('(memory (export "memory") 1 (pagesize 1))')
    yield (
        "wide arithmetic",
        written(
            MEMORY,
            "(func (result i64 i64)",
            "(i64.add128 (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)))",
        ),
    )


def _bytes() -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "a preamble", PREAMBLE
    yield "half a preamble", PREAMBLE[:5]
    yield "a text", b"This is a text, not a module."
    yield "another version", b"\0asm\2\0\0\0" + GOOD[8:]
    yield "half a module", GOOD[: len(GOOD) // 2]
    yield "a byte too few", GOOD[:-1]
    yield "a byte too many", GOOD + b"\0"
    for name, content in {
        "nothing": b"",
        "a part that is too long": b"\1\x7f",
        "names that are fewer": b"\1\5\1\0\1a\0",
        "names that are more": b"\1\4\2\0\1a",
        "a name that is no UTF-8": b"\1\4\1\0\1\xff",
        "another part": b"\2\1\0",
        "a half number": b"\1\x80",
    }.items():
        yield f"a name section with {name}", a_filter(custom={"name": content})
    twice = a_filter(custom={"name": b""})
    yield "two name sections", twice + b"\0\7\4name\1\x7f"
    yield "a section whose name is no UTF-8", GOOD + b"\0\2\1\xff"
    yield "precompiled for another engine", a_filter(custom={"precompiled_wee8_v1": b"\1\2\3"})


# What a module's own code does when it is started: nobody can compute that. The rules say that each
# loads; the real Envoys say that it does not.
ONLY_A_RUN_TELLS = {
    "a trap at start": written(MEMORY, '(func (export "_start") unreachable)'),
    "a trap in _initialize": written(MEMORY, '(func (export "_initialize") unreachable)'),
    "an exit at start": written(
        EXIT, MEMORY, '(func (export "_start") (call $exit (i32.const 0)))'
    ),
    "a trap in the start section": written(MEMORY, "(func $s unreachable) (start $s)"),
    "a call of the proxy in the start section": written(
        LOG, MEMORY, f"(func $s {TO_LOG}) (start $s)"
    ),
    "a hidden memory that the proxy reads": written(
        LOG, "(memory 1)", f'(func (export "_start") {TO_LOG})'
    ),
    "data that do not fit into the memory": written(
        '(memory (export "memory") 0)', '(data (i32.const 0) "abc")'
    ),
    "a refusal in on_vm_start": written(
        MEMORY,
        '(func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 0))',
    ),
    "a call that is not allowed at start": written(
        '(import "env" "proxy_done" (func $done (result i32)))',
        MEMORY,
        '(func (export "_start") (drop (call $done)))',
    ),
}
# Loads, and refuses the empty configuration of the proof.
CONFIGURATION_REFUSED = written(
    MEMORY, '(func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 0))'
)
ENDLESS = written(MEMORY, '(func (export "_start") (loop (br 0)))')
GREEDY = written(
    '(memory (export "memory") 1)',
    """(func (export "_start") (local $at i32)
      (drop (memory.grow (i32.const 16000)))
      (loop
        (i32.store (local.get $at) (i32.const 1))
        (local.set $at (i32.add (local.get $at) (i32.const 4096)))
        (br_if 0 (i32.lt_u (local.get $at) (i32.const 1000000000))))
      (loop (br 0)))""",
)
