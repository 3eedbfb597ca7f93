"""Take the module out of its layer, in memory, exactly as proxies would."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from wasmhub.oci.errors import ImageError, NoModuleError
from wasmhub.oci.gunzip import Gunzip
from wasmhub.oci.tar_members import TarReader
from wasmhub.oci.unpacked import Hashed, Plain

if TYPE_CHECKING:
    from wasmhub.oci.digests import Digest
    from wasmhub.oci.images import Packing
    from wasmhub.oci.tar_members import ByteSource, Member

PLUGIN: Final = "plugin.wasm"
RUNTIME_CONFIG: Final = "runtime-config.json"
_RUNTIME_CONFIG_MAX: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class ExtractedModule:
    """Hold a module's bytes and, for an archive, what was found beside it."""

    data: bytes
    path: str | None = None
    """The module's name in the archive; None for a raw layer."""
    runtime_config: bytes | None = None
    """The archive's runtime-config.json, unread."""
    diff_id: Digest | None = field(default=None, compare=False)
    """The sha256 of the unpacked archive; None for a raw layer."""
    names: tuple[str, ...] = field(default=(), compare=False)
    """The names of the archive's members, in order."""


def extract_module(stream: ByteSource, packing: Packing, limit: int) -> ExtractedModule:
    """
    Read a layer to its end and return its one module of at most `limit` bytes.

    Raises NoModuleError when an archive holds no Wasm file, else ImageError.
    """
    if packing == "raw":
        return ExtractedModule(_read_raw(stream, limit))
    archive = Hashed(Plain(stream) if packing == "tar" else Gunzip(stream))
    reader = TarReader(archive, max_size=limit)
    names: list[str] = []
    plugin: tuple[Member, bytes] | None = None
    runtime_config: bytes | None = None
    other_wasm = ""
    for member in reader.members():
        names.append(_text(member.name))
        if member.basename == PLUGIN.encode():
            if plugin is not None:
                raise ImageError(
                    "image/ambiguous",
                    "The archive has more than one plugin.wasm; keep exactly one.",
                )
            plugin = member, _read_plugin(reader, member)
        elif member.basename == RUNTIME_CONFIG.encode() and member.is_regular:
            runtime_config = runtime_config or _read_runtime_config(reader, member)
        elif member.basename.endswith(b".wasm"):
            other_wasm = other_wasm or _shown(member.basename)
    if plugin is None:
        raise _no_plugin(other_wasm)
    member, data = plugin
    return ExtractedModule(data, _text(member.name), runtime_config, archive.digest(), tuple(names))


def _read_raw(stream: ByteSource, limit: int) -> bytes:
    data = bytearray()
    while len(data) <= limit and (piece := stream.read(limit + 1 - len(data))):
        data += piece
    if len(data) > limit:
        raise ImageError("image/too-large", f"The module has more than {limit} bytes.")
    return bytes(data)


def _read_plugin(reader: TarReader, member: Member) -> bytes:
    if not member.is_regular:
        raise ImageError(
            "image/bad-archive",
            "The archive's plugin.wasm is a link, folder or device; put the file itself there.",
        )
    return reader.read(member.size)


def _read_runtime_config(reader: TarReader, member: Member) -> bytes:
    if member.size > _RUNTIME_CONFIG_MAX:
        raise ImageError(
            "image/too-large", "The archive's runtime-config.json has more than 64 KiB; shorten it."
        )
    return reader.read(member.size)


def _no_plugin(other_wasm: str) -> ImageError:
    if other_wasm:
        return ImageError(
            "image/no-plugin-wasm",
            f"The image's last layer has {other_wasm} but no plugin.wasm; rename the file.",
        )
    return NoModuleError(
        "image/no-plugin-wasm",
        "The image's last layer has no plugin.wasm; put the module there under that name.",
    )


def _text(name: bytes) -> str:
    return name.decode(errors="replace")


def _shown(name: bytes) -> str:
    """Make an archive's name safe and short enough for a sentence."""
    return ascii(name[-100:].decode(errors="replace"))
