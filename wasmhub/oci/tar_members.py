"""Walk a tar archive, member by member, so strictly that every reader sees the same members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from wasmhub.oci.errors import ImageError
from wasmhub.oci.tar_headers import BLOCK, EXTENSIONS, Header, parse_header, parse_pax, refuse, text

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_MEMBERS: Final = 1000
_MAX_EXTENSION: Final = 1024 * 1024  # Go's own limit for pax records and long names
_CHUNK: Final = 64 * 1024


class ByteSource(Protocol):
    """Give bytes in order."""

    def read(self, size: int, /) -> bytes:
        """Return `size` bytes, fewer only at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """Describe one member; its data are the archive's next `size` bytes."""

    name: bytes
    size: int
    is_regular: bool

    @property
    def basename(self) -> bytes:
        """The last segment, trailing slashes aside, as Go's filepath.Base has it."""
        return self.name.rstrip(b"/").rpartition(b"/")[2]


class TarReader:
    """
    Read the members of an archive in order.

    `max_size` is the most that a member may announce: the fetchers reserve it before they read.
    """

    def __init__(self, source: ByteSource, max_size: int) -> None:
        self._source = source
        self._max_size = max_size
        self._unread = 0
        self._padding = 0
        self._forget_extensions()

    def members(self) -> Iterator[Member]:
        """Yield every member, then check the end of the archive; ImageError when unsound."""
        headers = 0
        while block := self._next_block():
            headers += 1
            if headers > MAX_MEMBERS:
                raise ImageError(
                    "image/too-large",
                    f"The archive has more than {MAX_MEMBERS} members; "
                    "put only plugin.wasm into it.",
                )
            header = parse_header(block)
            if header.kind in EXTENSIONS:
                self._read_extension(header)
            else:
                yield self._begin_member(header)
            if header.kind == b"g":  # the fetchers see these as members too
                yield Member(header.name, 0, is_regular=False)
        if self._extended_by:
            refuse("it ends after an extended header")

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes of the current member's data, or what is left of them."""
        data = self._read_exactly(min(size, self._unread))
        self._unread -= len(data)
        return data

    def _read_exactly(self, size: int) -> bytes:
        data = self._source.read(size)
        if len(data) != size:
            refuse("it is cut off")
        return data

    def _next_block(self) -> bytes:
        """Skip to the next header; empty at the end of the archive."""
        while self._unread:
            self.read(_CHUNK)
        self._read_exactly(self._padding)
        self._padding = 0
        block = self._source.read(BLOCK)
        if not any(block):
            self._expect_only_zeros()
            return b""
        if len(block) != BLOCK:
            refuse("it is cut off")
        return block

    def _expect_only_zeros(self) -> None:
        while rest := self._source.read(_CHUNK):
            if any(rest):
                refuse("other bytes follow its end")

    def _begin_data(self, size: int) -> None:
        self._unread, self._padding = size, -size % BLOCK

    def _begin_member(self, header: Header) -> Member:
        if header.size > self._max_size:
            raise ImageError(
                "image/too-large",
                f"A file in the archive announces {header.size} bytes; {self._max_size} are "
                "allowed, because proxies reserve that memory before they look at its name.",
            )
        if self._pax_size not in (None, header.size):
            refuse("a file's two headers state different sizes")
        name = self._long_name or header.name
        if not name.rstrip(b"/") or (header.is_regular and name.endswith(b"/")):
            refuse("a file has no name")
        self._forget_extensions()
        self._begin_data(header.size)
        return Member(name, header.size, header.is_regular)

    def _forget_extensions(self) -> None:
        self._extended_by = b""
        self._long_name = b""
        self._pax_size: int | None = None

    def _read_extension(self, header: Header) -> None:
        """Take over a long name or pax records; refuse what readers would merge differently."""
        if header.size > _MAX_EXTENSION:
            refuse("it has an extended header of more than 1 MiB")
        self._begin_data(header.size)
        data = self.read(header.size)
        if header.kind == b"g":
            records = parse_pax(data)
            if records.path or records.size is not None:
                refuse("it names all of its files alike")
            return
        seen = self._extended_by
        if header.kind in seen or (seen and b"x" in seen + header.kind):
            refuse("a file has two extended headers")
        self._extended_by += header.kind
        if header.kind == b"L":
            self._long_name = text(data)
        if header.kind == b"x":
            records = parse_pax(data)
            self._long_name, self._pax_size = records.path, records.size
