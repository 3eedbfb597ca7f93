"""Header maps as Envoy keeps them, and the form in which they cross into a module."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Limits of the host (proxy-wasm-cpp-host, limits.h); a list over them is read as empty.
PAIRS_MAX: Final = 1024
PAIRS_BYTES_MAX: Final = 1024 * 1024
_WORD: Final = 4

Pairs = list[tuple[bytes, bytes]]


class HeaderMap:
    """An ordered list of headers, names in lower case, pseudo headers in front."""

    def __init__(
        self, pairs: Iterable[tuple[bytes, bytes]] = (), joined: frozenset[bytes] = frozenset()
    ) -> None:
        self._pairs: Pairs = []
        self._joined = joined
        for name, value in pairs:
            self.add(name, value)

    def _key(self, name: bytes) -> bytes:
        """Return a name in lower case; in a request, ``host`` is ``:authority``."""
        name = name.lower()
        return b":authority" if name == b"host" and b":authority" in self._joined else name

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    @property
    def byte_size(self) -> int:
        """Return the size of all names and values."""
        return sum(len(name) + len(value) for name, value in self._pairs)

    def get(self, name: bytes) -> bytes | None:
        """Return the first value."""
        name = self._key(name)
        return next((value for each, value in self._pairs if each == name), None)

    def text(self, name: str) -> str:
        """Return the first value as text, empty without one."""
        return (self.get(name.encode()) or b"").decode(errors="replace")

    def add(self, name: bytes, value: bytes) -> None:
        """Add a header beside, or for some names behind, those of its name."""
        name = self._key(name)
        if name in self._joined:
            for at, (each, before) in enumerate(self._pairs):
                if each == name:
                    self._pairs[at] = (name, before + b"," + value if before else value)
                    return
        self._insert(name, value)

    def set(self, name: bytes, value: bytes) -> None:
        """Remove all headers of the name and add this one, behind the others."""
        self.remove(name)
        self._insert(self._key(name), value)

    def put(self, name: bytes, value: bytes) -> None:
        """Give the first header of the name this value where it stands, or add it."""
        for at, (each, _) in enumerate(self._pairs):
            if each == name:
                self._pairs[at] = (name, value)
                return
        self._insert(name, value)

    def remove(self, name: bytes) -> None:
        """Remove all headers of the name."""
        name = self._key(name)
        self._pairs = [pair for pair in self._pairs if pair[0] != name]

    def clear(self) -> None:
        """Remove all headers."""
        self._pairs = []

    def _insert(self, name: bytes, value: bytes) -> None:
        if not name.startswith(b":"):
            self._pairs.append((name, value))
            return
        at = sum(each.startswith(b":") for each, _ in self._pairs)
        self._pairs.insert(at, (name, value))


def to_bytes(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Write pairs as modules read them: how many, all sizes, all texts with a zero behind each."""
    listed = list(pairs)
    sizes = [len(text) for pair in listed for text in pair]
    head = struct.pack(f"<{1 + len(sizes)}I", len(listed), *sizes)
    return head + b"".join(text + b"\0" for pair in listed for text in pair)


def from_bytes(data: bytes) -> Pairs:
    """Read pairs that a module wrote; anything wrong with them makes an empty list."""
    if not _WORD <= len(data) <= PAIRS_BYTES_MAX:
        return []
    (count,) = struct.unpack_from("<I", data)
    at = _WORD + 2 * _WORD * count
    if count > PAIRS_MAX or at > len(data):
        return []
    texts = []
    for size in struct.unpack_from(f"<{2 * count}I", data, _WORD):
        end = at + size
        if end + 1 > len(data) or data[end] != 0:
            return []
        texts.append(data[at:end])
        at = end + 1
    return list(zip(texts[::2], texts[1::2], strict=True)) if at == len(data) else []
