"""Move through bytes that nobody vouches for."""

from __future__ import annotations

from typing import Final

from wasmhub.module.errors import ModuleError

NAME_MAX_BYTES: Final = 100_000  # longer than any compiler's, shorter than an attack
_CONTINUES: Final = 0x80  # LEB128
_WITH_MORE: Final = bytes(range(_CONTINUES, 256))


class Cursor:
    """A position in a part of the binary, named for error messages; never leaves the part."""

    __slots__ = ("data", "end", "position", "to_file_end", "where")

    def __init__(
        self, data: memoryview, start: int, end: int, where: str, *, to_file_end: bool = False
    ) -> None:
        self.data = data
        self.position = start
        self.end = end
        self.where = where
        self.to_file_end = to_file_end

    @property
    def is_done(self) -> bool:
        """Tell whether everything was read."""
        return self.position >= self.end

    def peek(self) -> int | None:
        """Return the next byte without reading it, or None at the end."""
        return None if self.is_done else self.data[self.position]

    def byte(self) -> int:
        """Read one byte."""
        if self.position >= self.end:
            raise self.cut_off()
        value = self.data[self.position]
        self.position += 1
        return value

    def u32(self) -> int:
        """Read an unsigned LEB128 number of at most 32 bits (core spec, 5.2.2)."""
        position = self.position
        if position < self.end and self.data[position] < _CONTINUES:  # the usual case, in a hurry
            self.position = position + 1
            return self.data[position]
        return self.unsigned(32)

    def unsigned(self, bits: int) -> int:
        """Read an unsigned LEB128 number of at most ``bits`` bits."""
        result = shift = 0
        while True:
            byte = self.byte()
            result |= (byte & 0x7F) << shift
            if byte < _CONTINUES:
                break
            shift += 7
            if shift >= bits:
                raise ModuleError(f"A number in the {self.where} is too long.", where=self.where)
        if result >> bits:
            raise ModuleError(f"A number in the {self.where} is too large.", where=self.where)
        return result

    def take(self, size: int) -> memoryview:
        """Read ``size`` bytes without copying them."""
        if size > self.end - self.position:
            raise self.cut_off()
        start = self.position
        self.position += size
        return self.data[start : self.position]

    def skip_numbers(self, count: int) -> None:
        """Skip as many LEB128 numbers: each piece holds at most as many as are still missing."""
        while count:
            piece = bytes(self.take(count))
            count -= len(piece.translate(None, _WITH_MORE))

    def name(self) -> str:
        """Read a length and as many bytes of UTF-8."""
        size = self.u32()
        if size > NAME_MAX_BYTES:
            raise ModuleError(f"A name in the {self.where} is too long.", where=self.where)
        try:
            return bytes(self.take(size)).decode()
        except UnicodeDecodeError as error:
            message = f"A name in the {self.where} is not UTF-8."
            raise ModuleError(message, where=self.where) from error

    def count(self, limit: int, what: str) -> int:
        """Read how many entries follow; each takes at least one byte, so more cannot be true."""
        number = self.u32()
        if number > limit:
            raise ModuleError(f"The {self.where} has more than {limit} {what}.", where=self.where)
        if number > self.end - self.position:
            raise self.cut_off()
        return number

    def cut_off(self) -> ModuleError:
        """
        Say that the part ends too early.

        Only where nothing but the file bounds the part does that mean a file that was cut off: a
        section that contradicts its own size is damaged, wherever it stands.
        """
        return ModuleError(
            f"The {self.where} ends too early.", where=self.where, truncated=self.to_file_end
        )
