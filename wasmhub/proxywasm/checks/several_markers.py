"""Whether the module speaks more than one ABI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.abi import MARKERS
from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("proxywasm/several-markers", Severity.WARNING)
def several_markers(subject: Subject) -> Iterator[Statement]:
    """Warn of markers that a proxy does not look at."""
    markers = [name for name in subject.exported if name in MARKERS]
    if len(markers) > 1:
        yield Statement(
            f"The module exports {' and '.join(markers)}. A proxy takes the first, so it runs the "
            f"module under ABI {subject.facts.abi}. Export only the marker that you mean.",
            "exports",
        )
