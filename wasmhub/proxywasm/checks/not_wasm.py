"""Whether the bytes are a Wasm binary at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.module import kind_of
from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

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


@check("wasm/not-wasm", Severity.ERROR, of_any_bytes=True)
def not_wasm(subject: Subject) -> Iterator[Statement]:
    """Say what the bytes are when they are something else."""
    data = subject.data
    if subject.facts.kind != "invalid" or kind_of(data) == "module":
        return
    if 0 < len(data) < _PREAMBLE_BYTES and data[:4] == _MAGIC[: len(data)]:
        return  # cut off
    yield Statement(
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
