"""Whether the declared root ids can be written into a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.findings import Severity, shown
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("proxywasm/root-id", Severity.WARNING)
def root_id(subject: Subject) -> Iterator[Statement]:
    """Warn of root ids that nobody can type."""
    for each in subject.declared.root_ids:
        if each != each.strip() or not each.isprintable():
            yield Statement(
                f"The root id {shown(each)} has spaces at its ends or characters that cannot be "
                "seen. A configuration must repeat it exactly, so use plain letters, digits and "
                "hyphens.",
                "runtime-config.json",
            )
