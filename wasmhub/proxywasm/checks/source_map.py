"""Whether the module says where its source map is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

_SECTION: Final = "sourceMappingURL"


@check("wasm/source-map", Severity.WARNING)
def source_map(subject: Subject) -> Iterator[Statement]:
    """Warn of an address that only its author can reach."""
    if any(each.name == _SECTION for each in subject.module.custom_sections):
        yield Statement(
            f"The module has a {_SECTION} section: it tells everybody an address or a path of the "
            "machine that built it, and tools try to fetch it. Build without --sourceMap.",
            "custom sections",
        )
