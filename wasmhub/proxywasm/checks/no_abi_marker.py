"""Whether the module says which ABI it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.abi import MARKERS, UNSUPPORTED_MARKER
from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("proxywasm/no-abi-marker", Severity.ERROR)
def no_abi_marker(subject: Subject) -> Iterator[Statement]:
    """Refuse a module that does not say which ABI it speaks."""
    if subject.facts.abi is not None:
        return
    if UNSUPPORTED_MARKER in subject.exported:
        message = (
            "The module speaks ABI 0.3.0 only, which no Envoy release loads. Build it with an SDK "
            "release that exports proxy_abi_version_0_2_1."
        )
    else:
        message = (
            f"The module exports none of {', '.join(MARKERS)}, so a proxy does not take it for a "
            "filter. Build it with a proxy-wasm SDK, or export a function of that name; if it is "
            "there in the source, keep the linker from dropping it."
        )
    yield Statement(message, "exports")
