"""The one place that asks a real engine. Run it in a limited process: the bytes are hostile."""

from __future__ import annotations

import wasmtime


def engine_refusal(data: bytes) -> str | None:
    """Return why wasmtime finds the module invalid, in one line, or None when it is valid."""
    config = wasmtime.Config()
    # What V8 in Envoy does not run either, and what would need more address space than we have.
    config.wasm_threads = False
    config.wasm_memory64 = False
    try:
        wasmtime.Module.validate(wasmtime.Engine(config), data)
    except wasmtime.WasmtimeError as error:
        return str(error).strip().replace("\n", " ")
    return None
