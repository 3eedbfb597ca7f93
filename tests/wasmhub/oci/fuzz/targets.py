"""One image in one run of bytes, and what the doctor does with it."""

from __future__ import annotations

import io

from wasmhub.oci import (
    ExtractedModule,
    ImageError,
    ModuleLayer,
    OciError,
    examine,
    extract_module,
    module_layer,
    parse_manifest,
    repack,
    sha256_of,
)
from wasmhub.oci.media import OCI_MANIFEST

SEAM = b"\n--\n"
LIMIT = 1 << 20


def doctor(data: bytes) -> None:
    """Examine manifest, config and layer, which a seam parts, and carry out what is planned."""
    manifest, _, rest = data.partition(SEAM)
    config, _, layer = rest.partition(SEAM)
    try:
        image = parse_manifest(manifest, OCI_MANIFEST)
    except OciError:
        return
    found, module, refusal = module_layer(image), None, None
    if isinstance(found, ModuleLayer):
        try:
            module = extract_module(io.BytesIO(layer), found.packing, LIMIT)
        except ImageError as error:
            refusal = error
    diff_id = module.diff_id if module else None
    diagnosis = examine(image, config=config, diff_id=diff_id, refusal=refusal)
    diagnosis.as_json()
    if diagnosis.plan is None or module is None:
        return
    for form in diagnosis.plan.conversions:
        repack(
            form,
            ExtractedModule(module.data, runtime_config=module.runtime_config),
            original=image,
            original_digest=sha256_of(manifest),
            config=config,
        )
