"""Whether any proxy has what the module wants from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.abi import MARKERS, host_functions, offered_type
from wasmhub.proxywasm.findings import Severity, shown
from wasmhub.proxywasm.loading import LISTED, MADE_FOR_IT
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.module import Import
    from wasmhub.proxywasm.subject import Subject


@check("wasm/unknown-import", Severity.ERROR)
def unknown_import(subject: Subject) -> Iterator[Statement]:
    """Refuse imports that no proxy offers: such a module never loads."""
    unknown = [each for each in subject.facts.imports if not _is_known(each, subject.facts.abi)]
    for each in unknown[:LISTED]:
        name = shown(f"{each.module}.{each.name}")
        yield Statement(
            f"No proxy offers the {each.kind} {name}, so the module does not load. "
            f"{_mend(each, subject.facts.abi)}",
            f"import {name}",
        )
    if len(unknown) > LISTED:
        yield Statement(
            f"{len(unknown) - LISTED} more imports are unknown to every proxy.", "imports"
        )


def _is_known(wanted: Import, abi: str | None) -> bool:
    # A tag ends the proxy, which is a finding of its own.
    return wanted.kind in (*MADE_FOR_IT, "tag") or (
        wanted.kind == "function" and offered_type(wanted.module, wanted.name, abi) is not None
    )


def _mend(wanted: Import, abi: str | None) -> str:
    if (wanted.module, wanted.name) == ("env", "abort"):
        return "Build with asc's option --use abort=abort_proc_exit."
    if wanted.module.startswith("wbg") or "__wbindgen" in wanted.module + wanted.name:
        return "It was built for browsers with wasm-bindgen: build for wasm32-wasip1 without it."
    if wanted.kind != "function":
        return f"A proxy offers functions only: define the {wanted.kind} in the module."
    having = [each for each in MARKERS.values() if wanted.name in host_functions(each)]
    if wanted.module == "env" and having:
        return (
            f"It belongs to ABI {' and '.join(having)}, and the module speaks {abi}: build it with "
            "one SDK."
        )
    return "Remove what needs it, or define the function in the module."
