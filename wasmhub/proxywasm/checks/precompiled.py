"""Whether the module carries code that was compiled before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

_RESERVED: Final = "precompiled_"


@check("wasm/precompiled", Severity.WARNING)
def precompiled(subject: Subject) -> Iterator[Statement]:
    """Warn of sections that a proxy throws away, with others."""
    if any(_RESERVED in each.name for each in subject.module.custom_sections):
        yield Statement(
            f"A custom section has {_RESERVED} in its name. Proxies use none that they did not "
            "make themselves: they drop it and every custom section after it. Remove it.",
            "custom sections",
        )
