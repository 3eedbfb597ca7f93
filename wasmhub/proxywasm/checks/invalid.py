"""Whether the module keeps the rules of the format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.module import kind_of
from wasmhub.proxywasm.engine import engine_refusal, reading_error
from wasmhub.proxywasm.findings import Severity, shown
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("wasm/invalid", Severity.ERROR, of_any_bytes=True, stops_loading=True)
def invalid(subject: Subject) -> Iterator[Statement]:
    """Refuse what cannot be read, and what a real engine refuses."""
    if subject.facts.kind == "module":
        refusal = engine_refusal(subject.data)
        if refusal is not None:
            yield Statement(
                f"An engine refuses the module: {shown(refusal)}. Build it again; if a tool "
                "changed it after the compiler, leave that step out."
            )
    elif subject.facts.kind == "invalid" and kind_of(subject.data) == "module":
        error = reading_error(subject.data)
        if error is not None and not error.truncated:
            message = f"The module is damaged: {error} Build it again and upload that file."
            yield Statement(message, error.where or "the module")
