"""
Which language and SDK made a module: only what the module itself gives evidence of.

The ``producers`` section says it outright. Without one, names that only one toolchain leaves
behind are taken; anything weaker is no evidence, and the answer is None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wasmhub.module import Module, Producers

_LANGUAGES: Final[Mapping[str, str]] = {
    "assemblyscript": "assemblyscript",
    "c": "c",
    "c11": "c",
    "c17": "c",
    "c99": "c",
    "c++": "c++",
    "c_plus_plus_11": "c++",
    "c_plus_plus_14": "c++",
    "c_plus_plus_17": "c++",
    "go": "go",
    "rust": "rust",
    "tinygo": "tinygo",
    "wat": "wat",
    "zig": "zig",
}
_SDKS: Final = ("proxy-wasm", "proxy-wasm-go-sdk", "proxy-wasm-sdk-as", "proxy-runtime")


def language_of(module: Module) -> str | None:
    """Return the language in lower case, such as ``rust``, or None when nothing tells."""
    for name in module.producers.language:
        known = name.strip().lower()
        if known in _LANGUAGES:
            return _LANGUAGES[known]
        if known.startswith("c_plus_plus"):
            return "c++"
    return _by_tool(module.producers) or _by_traces(module)


def sdk_of(module: Module) -> str | None:
    """Return ``name version`` of the SDK that the producers section names, or None."""
    for name, version in module.producers.sdk.items():
        return f"{name} {version}".strip()[:100]
    for name in _SDKS:
        version = module.producers.processed_by.get(name)
        if version is not None:
            return f"{name} {version}".strip()[:100]
    return None


def _by_tool(producers: Producers) -> str | None:
    """Compilers of one language name themselves; clang compiles two, so it proves neither."""
    tools = {name.lower() for name in producers.processed_by}
    for tool, language in (
        ("rustc", "rust"),
        ("tinygo", "tinygo"),
        ("go", "go"),
        ("assemblyscript", "assemblyscript"),
        ("zig", "zig"),
    ):
        if tool in tools:
            return language
    return None


def _by_traces(module: Module) -> str | None:
    sections = {section.name for section in module.custom_sections}
    if "go:buildid" in sections or "go.buildid" in sections:
        return "go"
    exports = {export.name for export in module.exports}
    # The runtime functions that AssemblyScript's compiler exports for its garbage collector.
    if {"__new", "__pin", "__unpin", "__collect"} <= exports:
        return "assemblyscript"
    # AssemblyScript's compiler imports its abort function by the path of a source file's module.
    if any(each.module == "env" and each.name == "abort" for each in module.imports) and (
        "__rtti_base" in exports
    ):
        return "assemblyscript"
    return None
