"""Whether functions that start the module have the types that the proxy calls them by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.abi import START_TYPES, called_at_start
from wasmhub.proxywasm.findings import Severity, shown
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("proxywasm/start-type", Severity.ERROR)
def start_type(subject: Subject) -> Iterator[Statement]:
    """Refuse start functions of another type: the proxy calls them when it loads the module."""
    reactor = "_initialize" in subject.exported
    for name in called_at_start(reactor=reactor):
        type_ = subject.exported.get(name)
        if type_ is not None and type_ != START_TYPES[name]:
            yield Statement(
                f"The start function {name} has the type {shown(type_)}, but proxies call it as "
                f"{shown(START_TYPES[name])}. Do not export it, or give it that type.",
                f"export {name}",
            )
