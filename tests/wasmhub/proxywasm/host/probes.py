"""
Filters that call host functions with chosen arguments and log what came back.

``probe(On("request_headers", Do("proxy_log", 2, Text("hello"))))`` is a module that logs in this
callback. Of each call it logs the function's name, its result in hexadecimal digits, and what the
function wrote: words (``Word``) and bytes behind a pointer and a size (``Data``), with all that is
not printable as ``%xx``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from wasmtime import wat2wasm

from wasmhub.proxywasm.abi import WASI_TYPES, callbacks, host_functions

TEXTS = 65_536  # where texts begin; below are lines of the log and what functions write
WRITTEN = 1_024
LINE = 4_096
LINE_MAX = 60_000
ALLOCATED = 524_288  # where the allocator begins


@dataclass(frozen=True)
class Text:
    """A text as two arguments: where it is and its size."""

    value: str | bytes

    @property
    def data(self) -> bytes:
        return self.value.encode() if isinstance(self.value, str) else self.value


@dataclass(frozen=True)
class Word:
    """Room for a word that the function writes, of four or eight bytes."""

    size: int = 4


@dataclass(frozen=True)
class Data:
    """Room for a pointer and a size that the function writes: two arguments."""


@dataclass(frozen=True)
class Long:
    """An argument of 64 bits."""

    value: int


@dataclass(frozen=True)
class Kept:
    """The word that an earlier call wrote, as an argument; ``at`` counts them from 0."""

    at: int


@dataclass(frozen=True)
class Do:
    """A call; ``arguments`` as they stand. Kept words are those with ``keep``."""

    function: str
    arguments: tuple[Any, ...]
    keep: int | None
    quiet: bool

    def __init__(
        self, function: str, *arguments: Any, keep: int | None = None, quiet: bool = False
    ) -> None:
        object.__setattr__(self, "function", function)
        object.__setattr__(self, "arguments", arguments)
        object.__setattr__(self, "keep", keep)
        object.__setattr__(self, "quiet", quiet)


@dataclass(frozen=True)
class Wat:
    """Instructions as they are."""

    text: str


@dataclass(frozen=True)
class On:
    """A callback: what it does, and what it returns (a number, or an expression of WAT)."""

    callback: str
    steps: tuple[Do | Wat, ...]
    returns: int | str

    def __init__(self, callback: str, *steps: Do | Wat, returns: int | str = 0) -> None:
        object.__setattr__(self, "callback", callback)
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "returns", returns)


@dataclass
class _Texts:
    data: bytearray = field(default_factory=bytearray)
    places: dict[bytes, int] = field(default_factory=dict)

    def place(self, text: bytes) -> int:
        if text not in self.places:
            self.places[text] = TEXTS + len(self.data)
            self.data += text
        return self.places[text]


# Lines are put together at LINE; $at is where the next character goes.
PRELUDE = """
  (global $at (mut i32) (i32.const 0))
  (global $next (mut i32) (i32.const {allocated}))
  (global $count (mut i32) (i32.const 0))
  (memory (export "memory") 256)
  (func (export "{marker}"))
  (func $malloc (export "malloc") (param $size i32) (result i32) (local $found i32)
    (local.set $found (global.get $next))
    (global.set $next (i32.add (global.get $next)
      (i32.and (i32.add (local.get $size) (i32.const 15)) (i32.const -16))))
    (local.get $found))
  (func $put (param $character i32)
    (if (i32.lt_u (global.get $at) (i32.const {line_max})) (then
      (i32.store8 (i32.add (i32.const {line}) (global.get $at)) (local.get $character))
      (global.set $at (i32.add (global.get $at) (i32.const 1))))))
  (func $digit (param $value i32)
    (local.set $value (i32.and (local.get $value) (i32.const 15)))
    (call $put (i32.add (local.get $value)
      (select (i32.const 48) (i32.const 87) (i32.lt_u (local.get $value) (i32.const 10))))))
  (func $number (param $value i64) (local $shift i64)
    (local.set $shift (i64.const 60))
    (block $end (loop $skip
      (br_if $end (i64.eqz (local.get $shift)))
      (br_if $end (i64.ne (i64.const 0)
        (i64.and (i64.shr_u (local.get $value) (local.get $shift)) (i64.const 15))))
      (local.set $shift (i64.sub (local.get $shift) (i64.const 4)))
      (br $skip)))
    (loop $more
      (call $digit (i32.wrap_i64 (i64.shr_u (local.get $value) (local.get $shift))))
      (local.set $shift (i64.sub (local.get $shift) (i64.const 4)))
      (br_if $more (i64.ge_s (local.get $shift) (i64.const 0)))))
  (func $bytes (param $from i32) (param $size i32) (local $c i32)
    (block $end (loop $more
      (br_if $end (i32.eqz (local.get $size)))
      (local.set $c (i32.load8_u (local.get $from)))
      (if (i32.and (i32.gt_u (local.get $c) (i32.const 31))
                   (i32.lt_u (local.get $c) (i32.const 127)))
        (then (call $put (local.get $c)))
        (else (call $put (i32.const 37))
          (call $digit (i32.shr_u (local.get $c) (i32.const 4))) (call $digit (local.get $c))))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (local.set $size (i32.sub (local.get $size) (i32.const 1)))
      (br $more))))
  (func $space (call $put (i32.const 32)))
  (func $write
    (drop (call $proxy_log (i32.const 2) (i32.const {line}) (global.get $at)))
    (global.set $at (i32.const 0)))
"""


def probe(
    *callbacks_: On, abi: str = "0_2_1", imports: Iterable[str] = (), more: str = ""
) -> bytes:
    """Build a module with these callbacks; ``imports`` are imported without being called."""
    return bytes(wat2wasm(probe_wat(*callbacks_, abi=abi, imports=imports, more=more)))


def probe_wat(
    *callbacks_: On, abi: str = "0_2_1", imports: Iterable[str] = (), more: str = ""
) -> str:
    """Return the module as text."""
    texts, version = _Texts(), abi.replace("_", ".")
    used = {step.function for each in callbacks_ for step in each.steps if isinstance(step, Do)}
    names = sorted(used | {"proxy_log"} | set(imports))
    types = callbacks(version)
    functions = [_callback(each, texts, version, types) for each in callbacks_]
    prelude = PRELUDE.format(
        allocated=ALLOCATED, marker=f"proxy_abi_version_{abi}", line=LINE, line_max=LINE_MAX
    )
    data = "".join(f"\\{each:02x}" for each in texts.data)
    return "\n".join(
        [
            "(module",
            *(_import(name, version) for name in names),
            prelude,
            *functions,
            more,
            f'  (data (i32.const {TEXTS}) "{data}"))',
        ]
    )


def type_of(name: str, version: str) -> str:
    """Return the type of a host function."""
    return WASI_TYPES[name] if name in WASI_TYPES else host_functions(version)[name]


def _sides(type_: str) -> list[list[str]]:
    return [side.strip().strip("()").split() for side in type_.split("->")]


def _import(name: str, version: str) -> str:
    module = "wasi_snapshot_preview1" if name in WASI_TYPES else "env"
    parameters, results = _sides(type_of(name, version))
    signature = f"(param {' '.join(parameters)})" if parameters else ""
    signature += f" (result {results[0]})" if results else ""
    return f'  (import "{module}" "{name}" (func ${name} {signature}))'


def _callback(each: On, texts: _Texts, version: str, types: Any) -> str:
    name = each.callback if each.callback.startswith("_") else f"proxy_on_{each.callback}"
    parameters, results = _sides(types.get(name, "() -> ()"))
    signature = f"(param {' '.join(parameters)})" if parameters else ""
    signature += f" (result {results[0]})" if results else ""
    head = f'  (func (export "{name}") {signature} (local $result i64)'
    said = texts.place(each.callback.encode())
    lines = [head, "    (global.set $count (i32.add (global.get $count) (i32.const 1)))"]
    lines += [f"    (call $bytes (i32.const {said}) (i32.const {len(each.callback)}))"]
    for at in range(len(parameters)):
        lines += ["    (call $space)", f"    (call $number (i64.extend_i32_u (local.get {at})))"]
    lines += ["    (call $write)"]
    lines += [_step(step, texts, version) for step in each.steps]
    if results:
        lines.append(
            f"    (i32.const {each.returns})" if isinstance(each.returns, int) else each.returns
        )
    return "\n".join(lines) + ")"


def _step(step: Do | Wat, texts: _Texts, version: str) -> str:
    if isinstance(step, Wat):
        return step.text
    arguments, report, at = [], [], WRITTEN
    for each in step.arguments:
        if isinstance(each, Text):
            arguments += [f"(i32.const {texts.place(each.data)})", f"(i32.const {len(each.data)})"]
        elif isinstance(each, Word):
            arguments.append(f"(i32.const {at})")
            load = "i64.load" if each.size == 8 else "i64.load32_u"
            report += ["(call $space)", f"(call $number ({load} (i32.const {at})))"]
            at += 16
        elif isinstance(each, Data):
            arguments += [f"(i32.const {at})", f"(i32.const {at + 4})"]
            report += [
                "(call $space)",
                f"(call $bytes (i32.load (i32.const {at})) (i32.load (i32.const {at + 4})))",
            ]
            at += 16
        elif isinstance(each, Long):
            arguments.append(f"(i64.const {each.value})")
        elif isinstance(each, Kept):
            arguments.append(f"(i32.load (i32.const {64 + 4 * each.at}))")
        else:
            arguments.append(f"(i32.const {each})")
    cleared = [f"(i64.store (i32.const {place}) (i64.const 0))" for place in range(WRITTEN, at, 8)]
    call = f"(call ${step.function} {' '.join(arguments)})"
    results = _sides(type_of(step.function, version))[1]
    call = f"(local.set $result (i64.extend_i32_u {call}))" if results else call
    lines = [*cleared, call]
    if step.keep is not None:
        lines.append(
            f"(i32.store (i32.const {64 + 4 * step.keep}) (i32.load (i32.const {WRITTEN})))"
        )
    if not step.quiet:
        said = step.function.removeprefix("proxy_").encode()
        lines += [f"(call $bytes (i32.const {texts.place(said)}) (i32.const {len(said)}))"]
        lines += ["(call $space)", "(call $number (local.get $result))" if results else ""]
        lines += [*report, "(call $write)"]
    return "\n".join(f"    {line}" for line in lines if line)
