"""Whether the file is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.module import kind_of
from wasmhub.proxywasm.engine import reading_error
from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

_MAGIC: Final = b"\0asm"
_PREAMBLE_BYTES: Final = 8


@check("wasm/truncated", Severity.ERROR, of_any_bytes=True)
def truncated(subject: Subject) -> Iterator[Statement]:
    """Refuse a file that ends too early."""
    if _is_preamble_cut_off(subject.data):
        yield _statement("preamble", len(subject.data))
    elif subject.facts.kind == "invalid" and kind_of(subject.data) == "module":
        error = reading_error(subject.data)
        if error is not None and error.truncated:
            yield _statement(error.where, len(subject.data))


def _is_preamble_cut_off(data: bytes) -> bool:
    return 0 < len(data) < _PREAMBLE_BYTES and data[:4] == _MAGIC[: len(data)]


def _statement(where: str, size: int) -> Statement:
    return Statement(
        f"The module is cut off: it ends after {size} bytes, in the middle of the {where}. "
        "Compare the file's size with the one that your build made, and upload it again.",
        where,
    )
