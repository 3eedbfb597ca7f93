"""Whether releases that meshes still run have what the module imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.compatibility import compatibility_of
from wasmhub.proxywasm.findings import Severity, shown
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.compatibility import Compatibility
    from wasmhub.proxywasm.subject import Subject

_STILL_RUN: Final = (1, 30)
_LISTED: Final = 3


@check("proxywasm/not-in-old-proxies", Severity.NOTE)
def not_in_old_proxies(subject: Subject) -> Iterator[Statement]:
    """Note imports that older releases of Envoy lack, as far as is known."""
    rows = [each for each in compatibility_of(subject.facts) if each.proxy == "envoy"]
    lacking = next((each for each in rows if each.missing), None)
    if lacking is None or lacking.loads is False or _number(lacking) < _STILL_RUN:
        return  # another finding's, or long ago
    missing = ", ".join(lacking.missing[:_LISTED])
    yield Statement(
        f"Envoy {lacking.version} and older are not known to have {shown(missing)}, which the "
        "module imports. Say in its description that it needs a newer one; for Go that is Envoy "
        "1.33.",
        "imports",
    )


def _number(row: Compatibility) -> tuple[int, ...]:
    return tuple(int(each) for each in row.version.split("."))
