"""The one place that asks a real engine. Run it in a limited process: the bytes are hostile."""

from __future__ import annotations

import wasmtime

from wasmhub.module import ModuleError, read_module


def engine_refusal(data: bytes) -> str | None:
    """
    Return why wasmtime finds the module invalid, in one line, or None when it is valid.

    It knows the same proposals as the V8 of Envoy 1.36 to 1.40, as runs of those show: threads and
    memories of 64 bits too, but not these.
    """
    config = wasmtime.Config()
    config.wasm_threads = True
    config.wasm_memory64 = True
    config.wasm_custom_page_sizes = False
    config.wasm_stack_switching = False
    config.wasm_wide_arithmetic = False
    try:
        wasmtime.Module.validate(wasmtime.Engine(config), data)
    except wasmtime.WasmtimeError as error:
        return str(error).strip().replace("\n", " ")
    return None


def reading_error(data: bytes) -> ModuleError | None:
    """Return why our own reader finds the module unreadable, or None when it reads it."""
    try:
        read_module(data)
    except ModuleError as error:
        return error
    return None
