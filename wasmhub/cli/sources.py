"""Bring here what an argument names: a bare module, or an image with its blobs."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from wasmhub.cli.errors import UsageError
from wasmhub.cli.files import ArchiveFiles, FolderFiles
from wasmhub.cli.references import STDIN, OnHub, OnRegistry, read_argument
from wasmhub.cli.stored import Image, stored_image
from wasmhub.oci.checked import BLOB_MAX

if TYPE_CHECKING:
    from wasmhub.cli.references import Place
    from wasmhub.client import Release

ARCHIVE_MAX: Final = 1024 * 1024 * 1024
_TAR_MAGIC: Final = slice(257, 262)
_HEAD: Final = 512
_CHUNK: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """What an argument named; ``proofs`` are what the hub's Envoys did with it."""

    name: str
    module: bytes | None = None
    image: Image | None = None
    on_hub: OnHub | None = None
    release: Release | None = None
    proofs: list[dict[str, Any]] = field(default_factory=list)


def bring(argument: str, place: Place, *, image: str = "") -> Source:
    """
    Return what an argument names; ``image`` chooses from an archive with several.

    Raises UsageError with what to do, or WebError.
    """
    found = read_argument(argument, place)
    if isinstance(found, Path):
        return _from_path(found, place, image)
    if isinstance(found, OnHub):
        name = str(found.reference.repository)
        at = OnRegistry(found.origin, name, found.wanted, place.token_for(found.origin))
        return Source(argument, image=_pulled(at), on_hub=found)
    return Source(argument, image=_pulled(found))


def with_release(source: Source, place: Place) -> Source:
    """Add what the hub knows of a source that lies there: its release, and what was proven."""
    if source.on_hub is None or source.image is None or source.image.digest is None:
        return source
    from wasmhub.client import HubClient  # noqa: PLC0415 - urllib3 takes its time

    reference = source.on_hub.reference
    client = HubClient(source.on_hub.origin, token=place.token_for(source.on_hub.origin))
    release = client.release_of(reference.repository, source.image.digest, reference.tag or "")
    proofs = client.proofs(reference.repository, release.version) if release else []
    return replace(source, release=release, proofs=proofs)


def _from_path(path: Path, place: Place, wanted: str) -> Source:
    if str(path) == STDIN:
        spooled = place.opened.enter_context(_spooled(sys.stdin.buffer))
        return _from_stream("standard input", spooled, wanted)
    path = path.expanduser()
    try:
        if path.is_dir():
            return Source(str(path), image=stored_image(FolderFiles(path), wanted))
        return _from_stream(str(path), place.opened.enter_context(path.open("rb")), wanted)
    except FileNotFoundError as error:
        raise UsageError(f"There is no file {path}.") from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path} cannot be read: {why}.") from error


def _spooled(stream: BinaryIO) -> BinaryIO:
    """Keep what cannot be read twice; more than an archive may have is not even read."""
    kept = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=BLOB_MAX))  # noqa: SIM115
    left = ARCHIVE_MAX
    while data := stream.read(_CHUNK):
        left -= len(data)
        if left < 0:
            raise UsageError(f"Standard input has more than {ARCHIVE_MAX} bytes.")
        kept.write(data)
    kept.seek(0)
    return kept


def _from_stream(name: str, stream: BinaryIO, wanted: str) -> Source:
    head = stream.read(_HEAD)
    if not head:
        raise UsageError(f"There is nothing in {name}.")
    if head[_TAR_MAGIC] == b"ustar":
        stream.seek(0)
        return Source(name, image=stored_image(ArchiveFiles(stream), wanted))
    if head.startswith(b"\x1f\x8b"):
        raise UsageError(f"{name} is compressed: unpack it first, with `gunzip`.")
    module = head + stream.read(BLOB_MAX + 1 - len(head))
    if len(module) > BLOB_MAX:
        raise UsageError(f"{name} has more than {BLOB_MAX} bytes; no proxy loads such a module.")
    return Source(name, module=module)


def _pulled(found: OnRegistry) -> Image:
    from wasmhub.oci.registry import RegistryRepository  # noqa: PLC0415 - urllib3 takes its time

    repository = RegistryRepository(found.origin, found.name, token=found.token)
    pulled = repository.pull(found.reference)
    return Image(pulled.content, pulled.parsed, pulled.digest, repository.open_blob)
