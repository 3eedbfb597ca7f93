"""For each finding a sample that has it, then the nearest one that has it not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from wasmtime import wat2wasm

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
from wasmhub.proxywasm import Finding, analyse
from wasmhub.proxywasm.checks.large import LARGE_BYTES as LARGE
from wasmhub.proxywasm.checks.many_exports import EXPORTED_FUNCTIONS_MAX
from wasmhub.proxywasm.checks.too_many_functions import FUNCTIONS_MAX
from wasmhub.proxywasm.checks.unstripped import LARGE_BYTES

COMPONENT = b"\0asm\x0d\0\x01\0"
ON_HEADERS = Export("proxy_on_request_headers", "(i32 i32 i32) -> (i32)")
# One function that returns an i32 and whose body leaves nothing on the stack.
ILL_TYPED = (
    PREAMBLE
    + section(1, vector([function_type("() -> (i32)")]))
    + section(3, b"\1\0")
    + section(10, vector([b"\2\0\x0b"]))
)
LOG = Import("proxy_log", "(i32 i32 i32) -> (i32)")
STAT = Import("fd_filestat_get", "(i32 i32) -> (i32)", "wasi_snapshot_preview1")
PATH = b"/home/jane/work/filter.rs"


@dataclass(frozen=True)
class Sample:
    """Bytes, and the runtime-config.json that comes with them, if any."""

    data: bytes
    runtime_config: bytes | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return analyse(self.data, self.runtime_config).findings


def with_headers(
    *, abi: str = "0_2_1", imports: Iterable[Import] = (), exports: Iterable[Export] = ()
) -> bytes:
    """Build a filter that hears of requests."""
    return a_filter(abi=abi, imports=imports, exports=[ON_HEADERS, *exports])


def written(*parts: str) -> bytes:
    """Compile the text form of a filter that has everything but a memory, and ``parts``."""
    return bytes(
        wat2wasm(
            f"""(module {" ".join(parts)}
              (func (export "proxy_abi_version_0_2_1"))
              (func (export "malloc") (param i32) (result i32) (i32.const 1024))
              (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
                (i32.const 0)))"""
        )
    )


def with_memory(limits: str) -> bytes:
    """Build a filter that exports a memory with these limits."""
    return written(f'(memory (export "memory") {limits})')


def config(**fields: object) -> bytes:
    """Write a runtime-config.json."""
    return json.dumps({"type": "envoy_proxy", **fields}).encode()


def asking(name: str, type_: str, callback: str, callback_type: str) -> tuple[bytes, bytes]:
    """Build a filter that asks for something and does not hear of it, and one that does."""
    wanted = [Import(name, type_)]
    return (
        with_headers(imports=wanted),
        with_headers(imports=wanted, exports=[Export(callback, callback_type)]),
    )


GOOD = with_headers()
MEMORY = '(memory (export "memory") 1)'
_I = "i32 " * 12
_SAMPLES: dict[str, tuple[bytes, bytes]] = {
    "proxywasm/callback-type": (
        a_filter(exports=[Export("proxy_on_request_headers", "(i32 i32) -> (i32)")]),
        GOOD,
    ),
    "proxywasm/foreign-callback": (
        a_filter(abi="0_1_0", exports=[Export("proxy_on_foreign_function", "(i32 i32 i32) -> ()")]),
        with_headers(exports=[Export("proxy_on_foreign_function", "(i32 i32 i32) -> ()")]),
    ),
    "proxywasm/grpc-without-callback": asking(
        "proxy_grpc_call",
        f"({_I[:-1]}) -> (i32)",
        "proxy_on_grpc_receive",
        "(i32 i32 i32) -> ()",
    ),
    "proxywasm/http-call-without-callback": asking(
        "proxy_http_call",
        f"({_I[: 4 * 10 - 1]}) -> (i32)",
        "proxy_on_http_call_response",
        "(i32 i32 i32 i32 i32) -> ()",
    ),
    "proxywasm/needs-newer-proxy": (
        with_headers(imports=[STAT]),
        with_headers(
            imports=[Import("fd_close", "(i32) -> (i32)", "wasi_unstable"), Import("nowhere")]
        ),
    ),
    "proxywasm/no-abi-marker": (a_filter(abi="0_3_0"), a_filter(abi="0_1_0")),
    "proxywasm/no-allocator": (
        a_filter(allocator=None),
        a_filter(allocator=Export("proxy_on_memory_allocate", "(i32) -> (i32)")),
    ),
    "proxywasm/no-callback": (a_filter(exports=[Export("proxy_on_tick", "(i32) -> ()")]), GOOD),
    "proxywasm/not-in-old-proxies": (
        with_headers(imports=[Import("sched_yield", "() -> (i32)", "wasi_unstable")]),
        with_headers(imports=[STAT]),
    ),
    "proxywasm/old-abi": (a_filter(abi="0_1_0"), a_filter(abi="0_2_0")),
    "proxywasm/queue-without-callback": asking(
        "proxy_register_shared_queue",
        "(i32 i32 i32) -> (i32)",
        "proxy_on_queue_ready",
        "(i32 i32) -> ()",
    ),
    "proxywasm/several-markers": (
        with_headers(exports=[Export("proxy_abi_version_0_1_0")]),
        with_headers(exports=[Export("proxy_abi_version_0_3_0")]),
    ),
    "proxywasm/start-type": (
        with_headers(exports=[Export("_initialize"), Export("main")]),
        written(MEMORY, '(func (export "_start")) (func (export "main"))'),
    ),
    "proxywasm/tick-without-callback": asking(
        "proxy_set_tick_period_milliseconds", "(i32) -> (i32)", "proxy_on_tick", "(i32) -> ()"
    ),
    "proxywasm/unknown-callback": (
        with_headers(exports=[Export("proxy_on_http_request_headers")]),
        with_headers(exports=[Export("proxy_on_memory_allocate", "(i32) -> (i32)")]),
    ),
    "wasm/bad-names": (
        a_filter(custom={"name": b"\1\5\1\0\x7f"}),
        a_filter(custom={"name": b"\1\4\1\0\1f\2\0"}),
    ),
    "wasm/build-paths": (
        a_filter(custom={"panics": PATH}),
        a_filter(custom={"panics": PATH.removeprefix(b"/home")}),
    ),
    "wasm/component": (COMPONENT, GOOD),
    "wasm/exception-tag": (
        written(MEMORY, '(tag (export "thrown"))'),
        written(MEMORY, "(tag)"),
    ),
    "wasm/import-type": (
        a_filter(imports=[Import("proxy_log", "(i32 i32) -> (i32)")]),
        a_filter(imports=[LOG]),
    ),
    "wasm/imported-memory": (written('(import "env" "memory" (memory 1))'), with_memory("1")),
    "wasm/imported-memory-type": (
        written('(import "env" "memory" (memory 1 2 shared))'),
        with_memory("1 2 shared"),
    ),
    "wasm/invalid": (ILL_TYPED, wasm_module(exports=[Export("f", "() -> (i32)")])),
    "wasm/index-export": (
        a_filter(exports=[Export("7")]),
        a_filter(exports=[Export("07")]),
    ),
    "wasm/large": (
        a_filter(custom={"assets": bytes(LARGE)}),
        a_filter(custom={"assets": bytes(LARGE // 2)}),
    ),
    "wasm/many-exports": (
        a_filter(exports=[Export(f"f{each}") for each in range(EXPORTED_FUNCTIONS_MAX)]),
        a_filter(exports=[Export(f"f{each}") for each in range(EXPORTED_FUNCTIONS_MAX - 2)]),
    ),
    "wasm/memory-maximum": (with_memory("1 16385"), with_memory("1 16384")),
    "wasm/memory-name": (written('(memory (export "mem") 1)'), with_memory("1")),
    "wasm/memory-too-large": (with_memory("16385"), with_memory("16384")),
    "wasm/no-memory": (
        written('(import "env" "proxy_done" (func (result i32)))', "(memory 1)"),
        written("(memory 1)"),
    ),
    "wasm/not-wasm": (b"<html>", GOOD),
    "wasm/precompiled": (
        a_filter(custom={"precompiled_v8_v9": b""}),
        a_filter(custom={"precompiled": b""}),
    ),
    "wasm/shared-memory": (with_memory("1 2 shared"), with_memory("1 2")),
    "wasm/sockets": (
        a_filter(imports=[Import("sock_shutdown", "(i32 i32) -> (i32)", "wasi_unstable")]),
        a_filter(imports=[STAT]),
    ),
    "wasm/source-map": (
        a_filter(custom={"sourceMappingURL": b"\3map"}),
        a_filter(custom={"source": b"\3map"}),
    ),
    "wasm/start-section": (
        written('(import "env" "proxy_done" (func (result i32)))', MEMORY, "(func $s) (start $s)"),
        written(MEMORY, "(func $s) (start $s)"),
    ),
    "wasm/table-too-large": (
        written(MEMORY, "(table 10000001 funcref)"),
        written(MEMORY, "(table 10000000 funcref)"),
    ),
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
    "wasm/wide-memory": (with_memory("i64 1"), with_memory("1")),
}
SAMPLES = {
    finding_id: (Sample(bad), Sample(good)) for finding_id, (bad, good) in _SAMPLES.items()
} | {
    "proxywasm/declared-abi": (
        Sample(GOOD, config(abiVersions=["v0.2.0"])),
        Sample(GOOD, config(abi_versions=["v0-4689a30", "v0.2.1"])),
    ),
    "proxywasm/root-id": (
        Sample(GOOD, config(config={"rootIds": ["my\u202eid"]})),
        Sample(GOOD, config(config={"rootIds": ["", "my id"]})),
    ),
}
