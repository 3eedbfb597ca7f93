"""Whether the image declares the ABI that its module speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.abi import MARKERS
from wasmhub.proxywasm.findings import Severity
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject


@check("proxywasm/declared-abi", Severity.WARNING)
def declared_abi(subject: Subject) -> Iterator[Statement]:
    """Warn of a claim that the module contradicts."""
    claimed = {each.removeprefix("v") for each in subject.declared.abis} & set(MARKERS.values())
    computed = subject.facts.abi
    if computed is not None and claimed and computed not in claimed:
        yield Statement(
            f"The image declares ABI {' and '.join(sorted(claimed))}, and its module speaks "
            f"{computed}. Correct abiVersions in runtime-config.json; proxies do not read it, but "
            "people and tools do.",
            "runtime-config.json",
        )
