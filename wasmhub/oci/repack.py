"""Pack a pushed image's module anew, into the forms that are published beside the original."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.oci.images import VARIANT_ANNOTATION
from wasmhub.oci.pack import pack, pack_cncf
from wasmhub.oci.runtime_config import read_runtime_config

if TYPE_CHECKING:
    from datetime import datetime

    from wasmhub.oci.digests import Digest
    from wasmhub.oci.extract import ExtractedModule
    from wasmhub.oci.manifest import ParsedManifest
    from wasmhub.oci.pack import PackedImage
    from wasmhub.oci.versions import Conversion

CONVERTED_FROM: Final = "dev.wasmhub.converted-from"
# They say how the original is packed; in another form they would be wrong.
_OF_THE_FORM: Final = frozenset({VARIANT_ANNOTATION, "run.oci.handler", CONVERTED_FROM})
_CARRIED_MAX_BYTES: Final = 256 * 1024


def repack(  # noqa: PLR0913 - its parts are its arguments
    conversion: Conversion,
    module: ExtractedModule,
    *,
    original: ParsedManifest,
    original_digest: Digest,
    config: bytes | None = None,
    created: datetime | None = None,
) -> PackedImage:
    """
    Pack a module into the canonical form or the CNCF one; the same input makes the same bytes.

    `original` is the image that the module was taken from, never an index; its annotations are
    carried over, up to 256 KiB. `config` is its config blob: wasme's is the runtime-config.json.
    `created` must be aware of its time zone.
    """
    annotations = {**_carried(original), CONVERTED_FROM: str(original_digest)}
    if conversion == "cncf":
        return pack_cncf(module.data, created=created, annotations=annotations)
    return pack(
        module.data,
        created=created,
        annotations=annotations,
        runtime_config=_runtime_config(module.runtime_config) or _runtime_config(config),
    )


def _carried(original: ParsedManifest) -> dict[str, str]:
    """Return what the author says of the module, as much of it as fits any manifest."""
    carried: dict[str, str] = {}
    room = _CARRIED_MAX_BYTES
    for key, value in sorted(original.annotations.items()):
        room -= len(key.encode()) + len(value.encode())
        if room >= 0 and key not in _OF_THE_FORM:
            carried[key] = value
    return carried


def _runtime_config(data: bytes | None) -> bytes | None:
    """Return a runtime-config.json as it is, unless it is none."""
    found = read_runtime_config(data) if data is not None else None
    return (
        data if found is not None and (found.type or found.abi_versions or found.root_ids) else None
    )
