"""
The checks: pure functions from a module to findings, one line each in the table below.

To add one: write the function in the file of its noun, list it and its id here, and give it a
page at ``docs/findings/<id>.md``. A test asks for the page, a sample that has the finding and one
that has not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.checks.exports import (
    abi_marker,
    allocator,
    callback_types,
    some_callback,
)
from wasmhub.proxywasm.checks.imports import import_types, unknown_imports
from wasmhub.proxywasm.checks.shape import engine_accepts, function_count, is_core_module, stripped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wasmhub.proxywasm.facts import Facts
    from wasmhub.proxywasm.findings import Finding

# Of anything that was pushed.
OF_BYTES: Final[tuple[Callable[[bytes, Facts], Iterator[Finding]], ...]] = (
    is_core_module,
    engine_accepts,
)
# Of what our reader could read as a core module.
OF_MODULE: Final[tuple[Callable[[Facts], Iterator[Finding]], ...]] = (
    abi_marker,
    allocator,
    callback_types,
    some_callback,
    function_count,
    import_types,
    stripped,
    unknown_imports,
)
IDS: Final = (
    "proxywasm/callback-type",
    "proxywasm/no-abi-marker",
    "proxywasm/no-allocator",
    "proxywasm/no-callback",
    "wasm/component",
    "wasm/import-type",
    "wasm/invalid",
    "wasm/not-wasm",
    "wasm/too-many-functions",
    "wasm/truncated",
    "wasm/unknown-import",
    "wasm/unstripped",
)
