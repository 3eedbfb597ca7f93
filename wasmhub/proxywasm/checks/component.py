"""Whether the bytes are a component."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("wasm/component", Severity.ERROR, of_any_bytes=True)
def component(subject: Subject) -> Iterator[Statement]:
    """Refuse a component: proxies run core modules."""
    if subject.facts.kind == "component":
        yield Statement(
            "This is a component of the Component Model. Proxies run core modules: build for "
            "wasm32-wasip1 or wasm32-unknown-unknown instead of wasm32-wasip2, and do not wrap "
            "the module into a component.",
        )
