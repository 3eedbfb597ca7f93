"""Files of an archive or of a folder, by their paths; strangers made both."""

from __future__ import annotations

import stat
import tarfile
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, cast

from wasmhub.cli.errors import UsageError
from wasmhub.oci.checked import DamagedError, keep_checked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wasmhub.oci import Digest

DOCUMENT_MAX: Final = 4 * 1024 * 1024
_CHUNK: Final = 256 * 1024
_MEMBERS_MAX: Final = 10_000
_DAMAGED: Final = "The archive is damaged: save the image again."


class Files(Protocol):
    """Regular files by their paths."""

    def open(self, path: str) -> BinaryIO | None:
        """Open a file; None when there is none, or it is a link or a device."""
        ...


class FolderFiles:
    """The files below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, path: str) -> BinaryIO | None:
        """Open a file."""
        file = self._folder / path
        try:
            if not file.resolve().is_relative_to(self._folder.resolve()):
                return None  # whoever wrote the folder named a file of yours
            # Opening a named pipe would wait for ever.
            return file.open("rb") if stat.S_ISREG(file.stat().st_mode) else None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror}.") from error


class ArchiveFiles:
    """The members of a tar archive; nothing is ever written to the disk by a member's name."""

    def __init__(self, stream: BinaryIO) -> None:
        self._members: dict[str, tarfile.TarInfo] = {}
        try:
            # Plain tar only: what is compressed has no bounds before it is unpacked.
            self._archive = tarfile.open(fileobj=stream, mode="r:")  # noqa: SIM115 - it is kept
            for count, member in enumerate(self._archive):
                if count >= _MEMBERS_MAX:
                    raise UsageError(f"The archive has more than {_MEMBERS_MAX} members.")
                if member.isreg() and not member.issparse():
                    self._members[member.name.removeprefix("./")] = member
        except (tarfile.TarError, OSError, ValueError, OverflowError, RecursionError) as error:
            raise UsageError(_DAMAGED) from error

    def open(self, path: str) -> BinaryIO | None:
        """Open a member."""
        member = self._members.get(path)
        return None if member is None else cast("BinaryIO", self._archive.extractfile(member))


def read_document(files: Files, path: str) -> bytes | None:
    """Return a small file; None when there is none."""
    file = files.open(path)
    if file is None:
        return None
    with file:
        data = b"".join(_chunks(file, DOCUMENT_MAX + 1))
    if len(data) > DOCUMENT_MAX:
        raise UsageError(f"The image's {path} has more than 4 MiB.")
    return data


def open_checked(files: Files, path: str, digest: Digest) -> BinaryIO:
    """Open a blob whose bytes are the ones that its digest names."""
    file = files.open(path)
    if file is None:
        raise UsageError(f"The image is not whole: there is no {path}.")
    try:
        with file:
            return keep_checked(digest, _chunks(file))
    except DamagedError as error:
        raise UsageError(f"The image is damaged. {error}") from error


def _chunks(file: BinaryIO, most: int | None = None) -> Iterator[bytes]:
    left = most
    try:
        while data := file.read(_CHUNK if left is None else min(_CHUNK, left)):
            left = None if left is None else left - len(data)
            yield data
    except (tarfile.TarError, OSError) as error:
        raise UsageError(_DAMAGED) from error
