"""The one place that asks a real engine. Run it in a limited process: the bytes are hostile."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import wasmtime

from wasmhub.module import ModuleError, read_module

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wasmhub.module import Module

# What only instructions may show, with the switches that take it from the engine. Reference types
# cannot be taken away: the engine ends the process. Sign extension and conversions that do not trap
# have no switch.
_SWITCHES: Final = {
    "bulk-memory": ("bulk_memory",),
    "exception-handling": ("exceptions",),
    "function-references": ("function_references",),
    "gc": ("gc",),
    "multivalue": ("multi_value",),
    "relaxed-simd": ("relaxed_simd",),
    "simd128": ("simd", "relaxed_simd"),
    "tail-call": ("tail_call",),
    "threads": ("threads",),
}
# Of processor time. 3.3 MB of Go take 0.03 for each question; only bombs come near.
SECONDS: Final = 4.0


def engine_refusal(data: bytes) -> str | None:
    """
    Return why wasmtime finds the module invalid, in one line, or None when it is valid.

    It knows the same proposals as the V8 of Envoy 1.36 to 1.40, as runs of those show: threads and
    memories of 64 bits too, but not these.
    """
    return _refusal(data)


def used_features(data: bytes, module: Module) -> tuple[str, ...]:
    """
    Return the features that a valid module uses, in the order of their names.

    What the sections show is used, and so is what it is not valid without. What compilers declared
    is listed only where neither can tell: they declare what they were allowed to use.
    """
    asked = [name for name in _SWITCHES if name not in module.shown_features]
    begun = time.process_time()
    if _refusal(data, asked) is None:  # most use nothing more, and one question tells
        return tuple(sorted({*module.shown_features, *module.declared_features} - {*asked}))
    used, answered = set(), set()
    for name in asked:
        if time.process_time() - begun > SECONDS:
            break
        answered.add(name)
        if _refusal(data, [name]) is not None:
            used.add(name)
    declared = set(module.declared_features) - answered
    return tuple(sorted({*module.shown_features, *declared, *used}))


def reading_error(data: bytes) -> ModuleError | None:
    """Return why our own reader finds the module unreadable, or None when it reads it."""
    try:
        read_module(data)
    except ModuleError as error:
        return error
    return None


def _refusal(data: bytes, without: Iterable[str] = ()) -> str | None:
    config = wasmtime.Config()
    config.wasm_threads = True
    config.wasm_memory64 = True
    config.wasm_custom_page_sizes = False
    config.wasm_stack_switching = False
    config.wasm_wide_arithmetic = False
    for name in without:
        for switch in _SWITCHES[name]:
            setattr(config, f"wasm_{switch}", False)
    try:
        wasmtime.Module.validate(wasmtime.Engine(config), data)
    except wasmtime.WasmtimeError as error:
        return str(error).strip().replace("\n", " ")
    return None
