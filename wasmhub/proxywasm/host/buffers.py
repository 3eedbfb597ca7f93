"""Bytes on their way, which filters may read, change and take out."""

from __future__ import annotations

from wasmhub.proxywasm.host.results import RefusedError, Result


class Buffer:
    """Bytes that move from buffer to buffer; ``changeable`` tells whether a module may write."""

    def __init__(self, data: bytes = b"", *, changeable: bool = True) -> None:
        self.data = bytearray(data)
        self._changeable = changeable

    @classmethod
    def fixed(cls, data: bytes) -> Buffer:
        """Return bytes that can only be read."""
        return cls(data, changeable=False)

    @classmethod
    def nothing(cls) -> Buffer:
        """Return what a module sees where there are no bytes at the moment."""
        return cls(changeable=False)

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        return True  # an empty buffer is a buffer, too

    def take(self, other: Buffer) -> None:
        """Move all bytes of another buffer behind these."""
        self.data += other.data
        other.data.clear()

    def replace(self, start: int, length: int, data: bytes) -> None:
        """Put bytes in place of the first ones, or behind all; Envoy refuses the middle."""
        if not self._changeable:
            raise RefusedError(Result.BAD_ARGUMENT)
        if start == 0:
            self.data[:length] = data
        elif start >= len(self.data):
            self.data += data
        else:
            raise RefusedError(Result.BAD_ARGUMENT)
