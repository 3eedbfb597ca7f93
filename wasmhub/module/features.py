"""
Which features of WebAssembly a module uses, as far as its sections show.

What only instructions show is not looked for: ``sign-ext``, ``nontrapping-fptoint``,
``tail-call``, ``relaxed-simd``, and every use of the others inside functions. An engine tells most
of that: ``wasmhub.proxywasm.engine`` asks one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.module.cursor import Cursor
from wasmhub.module.errors import ModuleError
from wasmhub.module.model import PAGE_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wasmhub.module.model import Global, Memory, Table

DECLARED_MAX: Final = 100  # compilers know about twenty
_NAME_MAX: Final = 50
_USED: Final = b"+="  # used; and required by all that is linked, in older files
# Compilers' names that differ from the proposals'.
_PROPOSALS: Final = {"atomics": "threads", "multimemory": "multi-memory"}
# Abstract heap types by the feature that brought them; ``func`` needs more than the type itself.
_HEAPS: Final = {
    **dict.fromkeys(("extern", "func"), "reference-types"),
    **dict.fromkeys(("exn", "noexn"), "exception-handling"),
    **dict.fromkeys("any eq i31 struct array none nofunc noextern".split(), "gc"),
}
_VALUES: Final = {
    **dict.fromkeys(("i32", "i64", "f32", "f64"), None),
    "v128": "simd128",
    "nullref": "gc",
    "nullfuncref": "gc",
    "nullexternref": "gc",
    "nullexnref": "exception-handling",
    **{f"{heap}ref": feature for heap, feature in _HEAPS.items()},
    **{f"(ref null {heap})": feature for heap, feature in _HEAPS.items()},
}


class Evidence:
    """
    Gather the features that types, limits, segments and constant expressions show.

    - ``simd128``, ``reference-types``, ``exception-handling``, ``gc``: a type of theirs, wherever
      it is written, or a constant expression of theirs
    - ``function-references``: a reference to a type by index, or one that is never null
    - ``gc``: a struct, an array, a group of types or a supertype
    - ``multivalue``: a function type with more than one result
    - ``mutable-globals``: a mutable global that is imported or exported
    - ``reference-types``: a second table, one of other things than functions, a segment for it
    - ``multi-memory``, ``memory64``, ``threads``, ``custom-page-sizes``: the memories' number and
      limits; ``memory64`` also a table's
    - ``bulk-memory``: a data count section, or elements that are passive or declared
    - ``exception-handling``: a tag
    - ``extended-const``: arithmetic in a constant expression
    """

    def __init__(self) -> None:
        self._found: set[str] = set()

    @property
    def found(self) -> tuple[str, ...]:
        """Return the features in the order of their names."""
        return tuple(sorted(self._found))

    def add(self, feature: str) -> None:
        """Note a feature by its name."""
        self._found.add(feature)

    def value(self, type_: str) -> None:
        """Note what a value's type shows."""
        feature = _VALUES.get(type_, "function-references")
        if feature is not None:
            self._found.add(feature)

    def spaces(
        self, tables: Sequence[Table], memories: Sequence[Memory], globals_: Sequence[Global]
    ) -> None:
        """Note what tables, memories and globals show."""
        shown = {
            "reference-types": len(tables) > 1,
            "multi-memory": len(memories) > 1,
            "memory64": any(each.is_wide for each in memories)
            or any(each.is_wide for each in tables),
            "threads": any(each.is_shared for each in memories),
            "custom-page-sizes": any(each.page_bytes != PAGE_BYTES for each in memories),
            "mutable-globals": any(each.imported and each.mutable for each in globals_),
        }
        self._found.update(feature for feature, is_shown in shown.items() if is_shown)
        for table in tables:
            if table.type != "funcref":
                self.value(table.type)


def declared_features(data: memoryview, start: int, end: int) -> tuple[str, ...]:
    """
    Return what the ``target_features`` section of the tool conventions says is used.

    Compilers list what they were allowed to use, so less may be used. A malformed section says
    nothing.
    """
    cursor = Cursor(data, start, end, "target_features section")
    found: set[str] = set()
    try:
        for _ in range(cursor.count(DECLARED_MAX, "features")):
            prefix, name = cursor.byte(), cursor.name()
            if prefix in _USED:
                found.add(_PROPOSALS.get(name, name)[:_NAME_MAX])
    except ModuleError:
        return ()
    return tuple(sorted(found))
