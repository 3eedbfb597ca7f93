"""Whether every callback is one that the proxy knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.abi import ALLOCATORS, callbacks
from wasmhub.proxywasm.findings import Severity, shown
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

_PREFIX: Final = "proxy_on_"
_LISTED: Final = 5


@check("proxywasm/unknown-callback", Severity.WARNING)
def unknown_callback(subject: Subject) -> Iterator[Statement]:
    """Warn of exports that look like callbacks and are never called."""
    if subject.facts.abi is None:
        return
    known = {*callbacks(subject.facts.abi), *ALLOCATORS}
    unknown = [name for name in subject.exported if name.startswith(_PREFIX) and name not in known]
    if unknown:
        listed = ", ".join(shown(name) for name in unknown[:_LISTED])
        yield Statement(
            f"The module exports {listed}{' and others' if len(unknown) > _LISTED else ''}, which "
            f"no proxy calls under ABI {subject.facts.abi}. Look for a spelling mistake, or for a "
            "callback of another ABI.",
            "exports",
        )
