"""Whether a tag of exceptions crosses the border of the module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("wasm/exception-tag", Severity.ERROR)
def exception_tag(subject: Subject) -> Iterator[Statement]:
    """Refuse imported and exported tags: Envoy ends when it meets one."""
    for side in ("imports", "exports"):
        if any(each.kind == "tag" for each in getattr(subject.facts, side)):
            yield Statement(
                f"The tag of an exception is among the module's {side}, and Envoy crashes when it "
                "loads such a module. Keep exceptions inside, or build without them: "
                '-fno-exceptions, or panic = "abort".',
                side,
            )
