"""Whether the bytes are a core module that an engine takes, of a reasonable shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.module import ModuleError, kind_of, read_module
from wasmhub.proxywasm.engine import engine_refusal
from wasmhub.proxywasm.findings import Finding, Severity, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.facts import Facts

# Compiling so many functions, even empty ones, costs an engine gigabytes.
FUNCTIONS_MAX: Final = 50_000
LARGE_BYTES: Final = 1_000_000
DEBUG_SHARE: Final = 0.4
_MAGIC: Final = b"\0asm"
_PREAMBLE_BYTES: Final = 8
_FIRST_BYTES: Final = 512  # enough to recognize a text by
_BINARIES: Final = (
    (_MAGIC, "a module of a version that no proxy runs"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"PK\x03\x04", "a zip archive: unpack it first"),
    (b"\x7fELF", "a program for this machine: compile for wasm32 instead"),
    (b"\xcf\xfa\xed\xfe", "a program for macOS: compile for wasm32 instead"),
    (b"MZ", "a program for Windows: compile for wasm32 instead"),
)
_TEXTS: Final = (
    (("(module", "(;", ";;"), "the text form of a module: turn it into a binary with wat2wasm"),
    (("<",), "a page or an XML document, perhaps an error page that was saved as the module"),
)


def is_core_module(data: bytes, facts: Facts) -> Iterator[Finding]:
    """Say what the bytes are when they are no core module."""
    if facts.kind == "module":
        return
    if facts.kind == "component":
        yield Finding(
            "wasm/component",
            Severity.ERROR,
            "This is a component of the Component Model. Proxies run core modules: build for "
            "wasm32-wasip1 or wasm32-unknown-unknown instead of wasm32-wasip2, and do not wrap "
            "the module into a component.",
        )
    elif kind_of(data) == "module":
        yield from _unreadable(data)
    elif 0 < len(data) < _PREAMBLE_BYTES and data[:4] == _MAGIC[: len(data)]:
        yield _truncated("preamble", len(data))
    else:
        yield _not_wasm(data)


def _unreadable(data: bytes) -> Iterator[Finding]:
    try:
        read_module(data)
    except ModuleError as error:
        if error.truncated:
            yield _truncated(error.where, len(data))
        else:
            message = f"The module is damaged: {error} Build it again and upload that file."
            yield Finding("wasm/invalid", Severity.ERROR, message, error.where or "the module")


def _truncated(where: str, size: int) -> Finding:
    return Finding(
        "wasm/truncated",
        Severity.ERROR,
        f"The module is cut off: it ends after {size} bytes, in the middle of the {where}. "
        "Compare the file's size with the one that your build made, and upload it again.",
        where,
    )


def _not_wasm(data: bytes) -> Finding:
    return Finding(
        "wasm/not-wasm",
        Severity.ERROR,
        f"This is no WebAssembly module: it looks like {_looks_like(data)}. A module begins with "
        "the bytes 00 61 73 6d 01 00 00 00. Upload the .wasm file that your build made.",
        "the first bytes",
    )


def _looks_like(data: bytes) -> str:
    if not data:
        return "an empty file"
    for magic, what in _BINARIES:
        if data.startswith(magic):
            return what
    # A character may be cut off at the end of the excerpt, so no strict decoding.
    text = data[:_FIRST_BYTES].decode(errors="replace").removeprefix("\ufeff").strip()
    if "\0" in text or "\ufffd" in text[:-1]:
        return f"something that begins with {data[:4].hex(' ')}"
    for starts, what in _TEXTS:
        if text.startswith(starts):
            return what
    return "a text"


def engine_accepts(data: bytes, facts: Facts) -> Iterator[Finding]:
    """Ask a real engine whether the module is valid."""
    if facts.kind == "module" and (refusal := engine_refusal(data)) is not None:
        message = (
            f"An engine refuses the module: {shown(refusal)}. Build it again; if a tool changed it "
            "after the compiler, leave that step out."
        )
        yield Finding("wasm/invalid", Severity.ERROR, message)


def function_count(facts: Facts) -> Iterator[Finding]:
    """Refuse what no proxy should compile."""
    if facts.module is not None and facts.module.functions > FUNCTIONS_MAX:
        yield Finding(
            "wasm/too-many-functions",
            Severity.ERROR,
            f"The module defines {facts.module.functions} functions; more than {FUNCTIONS_MAX} "
            "cannot be compiled with a proxy's memory. Build it with optimisation for size.",
            "function section",
        )


def stripped(facts: Facts) -> Iterator[Finding]:
    """Note a large module that is mostly names and debug information."""
    if facts.module is None or facts.size < LARGE_BYTES:
        return
    sections = facts.module.custom_sections
    debug = sum(
        each.size for each in sections if each.name == "name" or each.name.startswith(".debug")
    )
    if debug > facts.size * DEBUG_SHARE:
        yield Finding(
            "wasm/unstripped",
            Severity.NOTE,
            f"{debug * 100 // facts.size} % of the file are names and debug information, which "
            "every proxy downloads. Strip them: wasm-strip, or strip = true in Cargo's profile.",
            "custom sections",
        )
