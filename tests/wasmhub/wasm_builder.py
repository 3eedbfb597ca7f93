"""Build Wasm binaries for tests, sound ones and broken ones, without any toolchain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

PREAMBLE = b"\0asm\x01\0\0\0"
KINDS = {"function": 0, "table": 1, "memory": 2, "global": 3, "tag": 4}
VALUES = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C, "v128": 0x7B, "externref": 0x6F}
# What follows the kind of an import that has no function type.
_EXTERNS = {"table": b"\x70\0\0", "memory": b"\0\0", "global": b"\x7f\0"}
_UNREACHABLE = b"\0\x00\x0b"  # no locals, `unreachable`, `end`: right for every result


@dataclass(frozen=True)
class Import:
    """One import; ``type`` is written as ``(i32 i64) -> (i32)`` and is only a function's."""

    name: str
    type: str = "() -> ()"
    module: str = "env"
    kind: str = "function"


@dataclass(frozen=True)
class Export:
    """One export: a function with a body of its own, or the module's memory or global."""

    name: str
    type: str = "() -> ()"
    kind: str = "function"


@dataclass
class _Types:
    encoded: list[bytes] = field(default_factory=list)

    def index(self, text: str) -> int:
        encoded = function_type(text)
        if encoded not in self.encoded:
            self.encoded.append(encoded)
        return self.encoded.index(encoded)


def wasm_module(
    *,
    imports: Iterable[Import] = (),
    exports: Iterable[Export] = (),
    custom: Mapping[str, bytes] | None = None,
    more_functions: int = 0,
) -> bytes:
    """Build a valid core module; ``more_functions`` are empty and not exported."""
    types, imports, exports = _Types(), tuple(imports), tuple(exports)
    imported = [
        name(each.module) + name(each.name) + bytes([KINDS[each.kind]]) + _extern(types, each)
        for each in imports
    ]
    next_index = sum(each.kind == "function" for each in imports)
    functions, exported = [], []
    for each in exports:
        index = 0
        if each.kind == "function":
            functions.append(leb(types.index(each.type)))
            index, next_index = next_index, next_index + 1
        exported.append(name(each.name) + bytes([KINDS[each.kind]]) + leb(index))
    functions += [leb(types.index("() -> ()"))] * more_functions
    wanted = {each.kind for each in exports} - {each.kind for each in imports}
    sections = [
        section(1, vector(types.encoded)),
        section(2, vector(imported)),
        section(3, vector(functions)),
        section(5, vector([b"\0\x01"] if "memory" in wanted else [])),
        section(6, vector([b"\x7f\0\x41\0\x0b"] if "global" in wanted else [])),
        section(7, vector(exported)),
        section(10, vector([leb(len(_UNREACHABLE)) + _UNREACHABLE] * len(functions))),
        *(section(0, name(key) + data) for key, data in (custom or {}).items()),
    ]
    return PREAMBLE + b"".join(sections)


def a_filter(
    *,
    abi: str | None = "0_2_1",
    imports: Iterable[Import] = (),
    exports: Iterable[Export] = (),
    custom: Mapping[str, bytes] | None = None,
    allocator: Export | None = Export("malloc", "(i32) -> (i32)"),
    more_functions: int = 0,
) -> bytes:
    """Build a filter that every proxy loads, unless an argument breaks it."""
    marker = [Export(f"proxy_abi_version_{abi}")] if abi else []
    allocators = [allocator] if allocator else []
    return wasm_module(
        imports=imports,
        exports=[*marker, *allocators, *exports, Export("memory", kind="memory")],
        custom=custom,
        more_functions=more_functions,
    )


def producers(**fields: Mapping[str, str]) -> bytes:
    """Encode a producers section; an underscore in a field's name stands for a hyphen."""
    return vector(
        name(key.replace("_", "-"))
        + vector(name(value) + name(version) for value, version in values.items())
        for key, values in fields.items()
    )


def function_type(text: str) -> bytes:
    """Encode ``(i32 i64) -> (i32)``."""
    sides = (side.strip().strip("()").split() for side in text.split("->"))
    return b"\x60" + b"".join(vector(bytes([VALUES[each]]) for each in side) for side in sides)


def section(number: int, payload: bytes) -> bytes:
    """Encode a section."""
    return bytes([number]) + leb(len(payload)) + payload


def vector(items: Iterable[bytes]) -> bytes:
    """Encode how many items there are, then the items."""
    listed: Sequence[bytes] = list(items)
    return leb(len(listed)) + b"".join(listed)


def name(text: str) -> bytes:
    """Encode a name."""
    encoded = text.encode()
    return leb(len(encoded)) + encoded


def leb(number: int) -> bytes:
    """Encode an unsigned LEB128 number."""
    encoded = b""
    while number >= 0x80:
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])


def _extern(types: _Types, each: Import) -> bytes:
    if each.kind == "function":
        return leb(types.index(each.type))
    if each.kind == "tag":
        return b"\0" + leb(types.index(each.type))
    return _EXTERNS[each.kind]
