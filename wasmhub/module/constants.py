"""Constant expressions (core spec 3.3 and 5.4.9): what initial values and offsets are made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from wasmhub.module.errors import ModuleError
from wasmhub.module.types import UnknownFormError

if TYPE_CHECKING:
    from wasmhub.module.cursor import Cursor
    from wasmhub.module.features import Evidence

# Engines take a million globals, and tools write elements as plain indices.
EXPRESSIONS_MAX: Final = 1_000_000
_U32: Final = rb"[\x80-\xff]{0,4}[\0-\x7f]"
_S64: Final = rb"[\x80-\xff]{0,9}[\0-\x7f]"
# One pattern for the whole grammar, because the regular expression engine walks a million
# expressions in a second; a group's name is the feature that its instructions belong to.
_INSTRUCTIONS: Final = (
    rb"(?:\x41" + _U32  # i32.const
    + rb"|\x42" + _S64  # i64.const
    + rb"|\x43.{4}|\x44.{8}"  # f32.const, f64.const
    + rb"|\x23" + _U32  # global.get
    + rb"|(?P<extended_const>[\x6a-\x6c\x7c-\x7e])"  # add, sub, mul
    + rb"|(?P<reference_types>[\xd0\xd2]" + _U32 + rb")"  # ref.null, ref.func
    + rb"|(?P<simd128>\xfd\x0c.{16})"  # v128.const
    + rb"|(?P<gc>\xfb(?:[\0\1\6\7]" + _U32  # struct.new(_default), array.new(_default)
    + rb"|\x08" + _U32 + _U32  # array.new_fixed
    + rb"|[\x1a-\x1c]))"  # any.convert_extern, extern.convert_any, ref.i31
    + rb")"
)  # fmt: skip
_INSTRUCTION: Final = re.compile(_INSTRUCTIONS, re.DOTALL)
# Groups that are given up in a possessive repetition end the engine of Python 3.11: have none.
_MANY: Final = re.sub(rb"\(\?P<\w+>", b"(?:", _INSTRUCTIONS) + b"*+"
_BEGINNING: Final = re.compile(_MANY, re.DOTALL)
_EXPRESSION: Final = re.compile(_MANY + rb"\x0b", re.DOTALL)


class Constants:
    """Skip constant expressions, within one budget for the module, and note what they use."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._left = EXPRESSIONS_MAX

    def skip(self, cursor: Cursor) -> None:
        """Skip one expression and its end; raise UnknownFormError at any other instruction."""
        self._left -= 1
        if self._left < 0:
            raise ModuleError(
                f"The module has more than {EXPRESSIONS_MAX:,} constant expressions.",
                where=cursor.where,
            )
        found = _EXPRESSION.match(cursor.data, cursor.position, cursor.end)
        if found is None:
            beginning = _BEGINNING.match(cursor.data, cursor.position, cursor.end)
            if beginning is not None and beginning.end() >= cursor.end:
                raise cursor.cut_off()
            raise UnknownFormError
        at, cursor.position = cursor.position, found.end()
        while (one := _INSTRUCTION.match(cursor.data, at, found.end() - 1)) is not None:
            at = one.end()
            if one.lastgroup is not None:
                self._evidence.add(one.lastgroup.replace("_", "-"))
