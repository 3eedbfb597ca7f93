"""
Read the 512-byte headers of tar archives (POSIX.1-2017 pax, "ustar Interchange Format").

Go's archive/tar, which the fetchers use, and other readers differ on odd headers: those are
refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn

from wasmhub.oci.errors import ImageError

BLOCK: Final = 512
EXTENSIONS: Final = (b"x", b"g", b"L", b"K")  # pax records, the same for all, GNU's long names
_REGULAR: Final = (b"0", b"\0")
_WITHOUT_DATA: Final = (b"1", b"2", b"3", b"4", b"5", b"6")  # links, devices, folders, fifos
_MAGICS: Final = (b"ustar\x0000", b"ustar  \0", bytes(8))  # POSIX, GNU, V7
_MODE_TO_TIME: Final = (slice(100, 108), slice(108, 116), slice(116, 124), slice(136, 148))
_DEVICES: Final = (slice(329, 337), slice(337, 345))
_OCTAL: Final = re.compile(rb"[0-7]*")
_PAX_LENGTH: Final = re.compile(rb"([1-9][0-9]{0,6}) ")
_INT64_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Header:
    """Hold what one header block says."""

    kind: bytes
    name: bytes
    size: int

    @property
    def is_regular(self) -> bool:
        """Tell whether the member is a plain file."""
        return self.kind in _REGULAR


@dataclass(frozen=True, slots=True)
class PaxRecords:
    """Hold the pax records that change how a member is read; empty or None when not given."""

    path: bytes = b""
    size: int | None = None


def refuse(what: str) -> NoReturn:
    """Raise the ImageError of an archive that is broken or that readers could see differently."""
    raise ImageError(
        "image/bad-archive", f"The layer's tar archive is not sound: {what}; pack it again."
    )


def parse_header(block: bytes) -> Header:
    """Read one header block, or raise ImageError."""
    magic = block[257:265]
    if magic not in _MAGICS:
        refuse("a header is of no known tar format")
    unsigned_sum = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    if _octal(block[148:156]) != unsigned_sum:
        refuse("a header's checksum is wrong")
    for field in _MODE_TO_TIME if magic == bytes(8) else (*_MODE_TO_TIME, *_DEVICES):
        _check_number(block[field])
    header = Header(kind=block[156:157], name=text(block[:100]), size=_octal(block[124:136]))
    if header.kind not in (*_REGULAR, *_WITHOUT_DATA, *EXTENSIONS):
        refuse("it has a member of an unusual kind, such as a sparse file")
    if header.kind in _WITHOUT_DATA and header.size:
        refuse("a link, folder or device claims to have data")
    return header


def parse_pax(data: bytes) -> PaxRecords:
    """Read pax records, `length key=value` lines, or raise ImageError."""
    records: dict[bytes, bytes] = {}
    while data:
        length = _PAX_LENGTH.match(data)
        end = int(length[1]) if length else 0
        if length is None or not length.end() < end <= len(data):
            refuse("its pax records are malformed")
        key, equals, value = data[length.end() : end].partition(b"=")
        if not (key and equals and value.endswith(b"\n")) or key in records:
            refuse("its pax records are malformed")
        records[key] = value[:-1]
        data = data[end:]
    if any(key.startswith(b"GNU.sparse") for key in records):
        refuse("it has a sparse file")
    path, size = records.get(b"path", b""), records.get(b"size")
    if b"\0" in path or (size is not None and not size.isdigit()):
        refuse("its pax records are malformed")
    return PaxRecords(path, None if size is None else int(size))


def text(field: bytes) -> bytes:
    """Cut a text field at its first NUL."""
    return field.partition(b"\0")[0]


def _octal(field: bytes) -> int:
    digits = text(field.strip(b" \0"))
    if not _OCTAL.fullmatch(digits):
        refuse("a header has a malformed number")
    return int(digits or b"0", 8)


def _check_number(field: bytes) -> None:
    """Refuse a number that Go would: the fetchers could not read the archive."""
    if field[0] != 0x80:  # noqa: PLR2004  GNU's mark of a big-endian binary number
        _octal(field)
    elif int.from_bytes(field[1:], "big") > _INT64_MAX:
        refuse("a header has a number that is too large")
