"""Read and write a module's memory as Envoy does: what lies outside is an error, never a crash."""

from __future__ import annotations

import ctypes
import struct
from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.host.results import BadMemoryError

if TYPE_CHECKING:
    import wasmtime

_END: Final = 0xFFFF_FFFF  # Envoy leaves out the last byte of the address space


class Memory:
    """The memory of one instance; without one, every access is outside."""

    def __init__(self, store: wasmtime.Store, memory: wasmtime.Memory | None) -> None:
        self._store = store
        self._memory = memory

    @property
    def size(self) -> int:
        """Return the size in bytes, at this moment."""
        return 0 if self._memory is None else self._memory.data_len(self._store)

    def read(self, pointer: int, size: int) -> bytes:
        """Return a copy of ``size`` bytes; raise BadMemoryError when not all are inside."""
        address = self._address(pointer, size)
        return ctypes.string_at(address, size) if size else b""

    def write(self, pointer: int, data: bytes | bytearray) -> None:
        """Write all of the bytes; raise BadMemoryError when not all would be inside."""
        address = self._address(pointer, len(data))
        if data:
            ctypes.memmove(address, bytes(data), len(data))

    def write_u32(self, pointer: int, value: int) -> None:
        """Write a 32-bit word."""
        self.write(pointer, struct.pack("<I", value & 0xFFFF_FFFF))

    def write_u64(self, pointer: int, value: int) -> None:
        """Write a 64-bit word."""
        self.write(pointer, struct.pack("<Q", value & 0xFFFF_FFFF_FFFF_FFFF))

    def _address(self, pointer: int, size: int) -> int:
        end = pointer + size
        if self._memory is None or end > _END or end > self._memory.data_len(self._store):
            raise BadMemoryError
        base = ctypes.cast(self._memory.data_ptr(self._store), ctypes.c_void_p).value or 0
        return base + pointer
