"""Whether a proxy has what the module wants from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.abi import WASI_FUNCTIONS, WASI_MODULES, WASI_TYPES, host_functions
from wasmhub.proxywasm.findings import Finding, Severity, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.module import Import
    from wasmhub.proxywasm.facts import Facts

# Enough to see the pattern; a module can have thousands.
LISTED = 20


def unknown_imports(facts: Facts) -> Iterator[Finding]:
    """Refuse imports that no proxy offers: such a module never loads."""
    unknown = [each for each in facts.imports if not _is_known(each, facts)]
    for each in unknown[:LISTED]:
        name = f"{each.module}.{each.name}"
        yield Finding(
            "wasm/unknown-import",
            Severity.ERROR,
            f"No proxy offers the {each.kind} {shown(name)}, so the module does not load. "
            + _mend(each),
            f"import {shown(name)}",
        )
    if len(unknown) > LISTED:
        message = f"{len(unknown) - LISTED} more imports are unknown to every proxy."
        yield Finding("wasm/unknown-import", Severity.ERROR, message, "imports")


def _is_known(wanted: Import, facts: Facts) -> bool:
    if wanted.kind != "function":
        return False
    if wanted.module in WASI_MODULES:
        return wanted.name in WASI_FUNCTIONS
    return wanted.module == "env" and wanted.name in host_functions(facts.abi or "0.2.1")


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


def import_types(facts: Facts) -> Iterator[Finding]:
    """Refuse imports under a known name with another type: the host compares both."""
    offered = host_functions(facts.abi or "0.2.1")
    for each in facts.imports:
        types = WASI_TYPES if each.module in WASI_MODULES else offered
        expected = types.get(each.name)
        if each.kind == "function" and _is_known(each, facts) and expected not in {None, each.type}:
            name = f"{each.module}.{each.name}"
            yield Finding(
                "wasm/import-type",
                Severity.ERROR,
                f"The import {shown(name)} has the type {shown(each.type)}, but proxies offer "
                f"{shown(expected or '')}. Declare it as the ABI has it; an SDK does that.",
                f"import {shown(name)}",
            )
