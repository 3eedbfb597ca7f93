"""Whether supported releases of Envoy load the module too, or the newest alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.abi import offered_type
from wasmhub.proxywasm.compatibility import compatibility_of
from wasmhub.proxywasm.findings import Severity, shown
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

_LISTED: Final = 3


@check("proxywasm/needs-newer-proxy", Severity.WARNING)
def needs_newer_proxy(subject: Subject) -> Iterator[Statement]:
    """Warn of imports that only the newer proxies offer."""
    facts = subject.facts
    functions = [each for each in facts.imports if each.kind == "function"]
    if any(offered_type(each.module, each.name, facts.abi) is None for each in functions):
        return  # what no release loads is another finding's
    rows = [each for each in compatibility_of(facts) if each.proxy == "envoy"]
    failing = [each for each in rows if each.loads is False]
    if not rows[0].loads or not failing:
        return
    since = [each for each in rows if each.loads][-1].version
    missing = ", ".join(failing[0].missing[:_LISTED])
    more = "" if len(failing[0].missing) <= _LISTED else " and others"
    yield Statement(
        f"Only Envoy {since} and later load the module: it imports {shown(missing + more)}. Say so "
        "in its description, or leave out what needs that; in Go it is often the package os.",
        "imports",
    )
