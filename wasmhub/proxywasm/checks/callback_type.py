"""Whether callbacks have the types that the proxy calls them by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.abi import NEWEST_ABI, callbacks
from wasmhub.proxywasm.findings import Severity, shown
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("proxywasm/callback-type", Severity.ERROR)
def callback_type(subject: Subject) -> Iterator[Statement]:
    """Refuse callbacks whose type is not the one of the module's ABI."""
    abi = subject.facts.abi or NEWEST_ABI
    expected = callbacks(abi)
    for name, type_ in subject.exported.items():
        wanted = expected.get(name)
        if wanted is not None and type_ != wanted:
            yield Statement(
                f"The callback {name} has the type {shown(type_)}, but ABI {abi} calls it as "
                f"{shown(wanted)}. Use the SDK's signature, or export the marker of the ABI that "
                "you mean.",
                f"export {name}",
            )
