"""Whether a proxy has what the module wants from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.abi import NEWEST_ABI, WASI_MODULES, WASI_TYPES, host_functions
from wasmhub.proxywasm.findings import Finding, Severity, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.module import Import
    from wasmhub.proxywasm.facts import Facts

# Enough to see the pattern; a module can have thousands.
LISTED: Final = 20


def unknown_imports(facts: Facts) -> Iterator[Finding]:
    """Refuse imports that no proxy offers: such a module never loads."""
    offer = _Offer(facts.abi)
    unknown = [each for each in facts.imports if offer.type_of(each) is None]
    for each in unknown[:LISTED]:
        name = shown(f"{each.module}.{each.name}")
        yield Finding(
            "wasm/unknown-import",
            Severity.ERROR,
            f"No proxy offers the {each.kind} {name}, so the module does not load. {_mend(each)}",
            f"import {name}",
        )
    if len(unknown) > LISTED:
        message = f"{len(unknown) - LISTED} more imports are unknown to every proxy."
        yield Finding("wasm/unknown-import", Severity.ERROR, message, "imports")


def import_types(facts: Facts) -> Iterator[Finding]:
    """Refuse imports under a known name with another type: the host compares both."""
    offer = _Offer(facts.abi)
    typed = [(each, offer.type_of(each)) for each in facts.imports]
    wrong = [(each, type_) for each, type_ in typed if type_ is not None and type_ != each.type]
    for each, type_ in wrong[:LISTED]:
        name = shown(f"{each.module}.{each.name}")
        yield Finding(
            "wasm/import-type",
            Severity.ERROR,
            f"The import {name} has the type {shown(each.type)}, but proxies offer "
            f"{shown(type_)}. Declare it as the ABI has it; an SDK does that.",
            f"import {name}",
        )
    if len(wrong) > LISTED:
        message = f"{len(wrong) - LISTED} more imports have other types than proxies offer."
        yield Finding("wasm/import-type", Severity.ERROR, message, "imports")


class _Offer:
    """What a proxy offers to a module of an ABI; without a marker, that of the newest one."""

    def __init__(self, abi: str | None) -> None:
        self._env = host_functions(abi or NEWEST_ABI)

    def type_of(self, wanted: Import) -> str | None:
        """Return the type of the function that answers an import, or None when none does."""
        if wanted.kind != "function":
            return None
        if wanted.module in WASI_MODULES:
            return WASI_TYPES.get(wanted.name)
        return self._env.get(wanted.name) if wanted.module == "env" else None


def _mend(wanted: Import) -> str:
    if (wanted.module, wanted.name) == ("env", "abort"):
        return "Build with asc's option --use abort=abort_proc_exit."
    if wanted.module.startswith("wbg") or "__wbindgen" in wanted.module + wanted.name:
        return "It was built for browsers with wasm-bindgen: build for wasm32-wasip1 without it."
    if wanted.kind == "memory":
        return "Link without --import-memory: the module brings its own memory."
    if wanted.kind != "function":
        return f"A proxy offers functions only: define the {wanted.kind} in the module."
    return "Remove what needs it, or define the function in the module."
