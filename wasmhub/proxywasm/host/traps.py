"""Say why a module trapped in the words of V8, which runs modules in Envoy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import wasmtime

_CODES: Final = {
    "UNREACHABLE": "unreachable",
    "MEMORY_OUT_OF_BOUNDS": "memory access out of bounds",
    "INTEGER_DIVISION_BY_ZERO": "divide by zero",
    "INTEGER_OVERFLOW": "divide result unrepresentable",
    "BAD_CONVERSION_TO_INTEGER": "float unrepresentable in integer range",
    "INDIRECT_CALL_TO_NULL": "null function or function signature mismatch",
    "BAD_SIGNATURE": "null function or function signature mismatch",
    "TABLE_OUT_OF_BOUNDS": "table index is out of bounds",
}


class ProxyCrashError(Exception):
    """Something that ends Envoy 1.40 itself, with all its connections; the text says what."""


class RestrictedError(Exception):
    """A host function that is not allowed at this moment; Envoy traps with this message."""


def describe(trap: wasmtime.Trap) -> str:
    """Return V8's message for a trap."""
    code = trap.trap_code
    text = _CODES.get(code.name) if code else None
    return f"Uncaught RuntimeError: {text or trap.message.splitlines()[0]}"
