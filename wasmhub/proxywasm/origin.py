"""
Which language and SDK made a module: only what the module itself gives evidence of.

The ``producers`` section says it outright. Tools often strip it, so what one toolchain alone
leaves behind is taken too; anything weaker is no evidence, and the answer is None.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wasmhub.module import Module

SDK_LENGTH: Final = 100

# Compilers of one language; clang compiles two, so it proves neither. They go before the listed
# languages, among which are those of linked libraries: TinyGo even calls its own code C99.
_COMPILERS: Final[Mapping[str, str]] = {
    "rustc": "rust",
    "tinygo": "tinygo",
    "go cmd/compile": "go",
    "zig": "zig",
}
# As DWARF and the compilers spell them; C and C++ come with the year of their standard.
_LANGUAGES: Final = (
    (re.compile(r"(c\+\+|c_plus_plus)(_?\d\d)?"), "c++"),
    (re.compile(r"c(_?\d\d)?"), "c"),
    (re.compile(r"(assemblyscript|go|rust|tinygo|wat|zig)"), None),
)
_SPELLED: Final = {"assemblyscript": "AssemblyScript", "tinygo": "TinyGo", "wat": "WAT"}
# Source files that panics and aborts point to. AssemblyScript has its strings in UTF-16.
_RUST_SOURCE: Final = re.compile(rb"/rustc/[0-9a-f]{40}/library/")
_ASSEMBLYSCRIPT_SOURCE: Final = "~lib/rt".encode("utf-16-le")
_RUST_SDK_SOURCE: Final = re.compile(rb"/proxy-wasm-(\d+\.\d+\.\d+[-.0-9A-Za-z]{0,30})/src/")


def language_name(language: str) -> str:
    """Write a language's name as its people do."""
    return _SPELLED.get(language, language.capitalize())


def language_of(module: Module, data: bytes) -> str | None:
    """Return the language in lower case, such as ``rust``, or None when nothing tells."""
    return (
        _of_compiler(module.producers.processed_by)
        or _of_listed(module.producers.language)
        or _of_traces(module, data)
    )


def sdk_of(module: Module, data: bytes) -> str | None:
    """Return ``name version`` of the SDK, from the producers section or the SDK's own traces."""
    for name, version in module.producers.sdk.items():
        return f"{name} {version}".strip()[:SDK_LENGTH]
    found = _RUST_SDK_SOURCE.search(data)
    return f"proxy-wasm {found[1].decode()}" if found else None


def _of_compiler(processed_by: Mapping[str, str]) -> str | None:
    tools = {name.lower() for name in processed_by}
    return next((language for tool, language in _COMPILERS.items() if tool in tools), None)


def _of_listed(languages: Mapping[str, str]) -> str | None:
    for listed in languages:
        name = listed.strip().lower()
        for pattern, language in _LANGUAGES:
            if pattern.fullmatch(name):
                return language or name
    return None


def _of_traces(module: Module, data: bytes) -> str | None:
    if any(section.name == "go:buildid" for section in module.custom_sections):
        return "go"
    # What AssemblyScript's compiler exports of its runtime when it is told to.
    exports_runtime = any(export.name == "__rtti_base" for export in module.exports)
    if exports_runtime or _ASSEMBLYSCRIPT_SOURCE in data:
        return "assemblyscript"
    return "rust" if _RUST_SOURCE.search(data) else None
