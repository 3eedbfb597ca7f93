"""Have the hostile bytes of an image read in a child process with hard limits."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings

from validation.children import Child, TooHeavyError
from wasmhub.oci import Digest, ImageError, NoModuleError
from wasmhub.proxywasm import Finding, Severity

if TYPE_CHECKING:
    from wasmhub.oci.images import Packing

# A runtime-config.json of 64 KiB in base64; a longer argument would be no argument for the system.
MOST_SAID = 100_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What the child read: facts in the API's shape (None: it could not), and findings."""

    facts: dict[str, Any] | None
    findings: list[Finding]
    diff_id: Digest | None = None
    """Of the archive that the module was in."""
    runtime_config: bytes | None = None
    """The runtime-config.json that lay beside the module."""


def read_in_child(
    layer: IO[bytes], module: IO[bytes], *, packing: Packing, runtime_config: bytes | None = None
) -> Reading:
    """
    Unpack a layer's module into ``module`` and analyse it, both in the child.

    ``runtime_config`` is what the image says of the module elsewhere; what is too long is nothing.

    :raises ImageError: the layer does not hold one module that every proxy reads the same way
    :raises ReaderError: the child failed in a way that no module should be able to cause
    """
    file, limit = module.fileno(), settings.MAX_UPLOAD_BYTES
    said = base64.b64encode(runtime_config or b"").decode()
    command = ("read", packing, str(file), str(limit), said if len(said) < MOST_SAID else "")
    child = Child.start(*command, stdin=layer, files=[file])
    try:
        document = child.answer()
    except TooHeavyError as error:
        return _too_heavy(str(error))
    if refusal := document.get("image_error"):
        kind = NoModuleError if refusal["absent"] else ImageError
        raise kind(refusal["id"], refusal["message"])
    return Reading(
        document["facts"],
        [Finding.from_json(each) for each in document["findings"]],
        Digest.parse(document["diff_id"]) if document["diff_id"] else None,
        base64.b64decode(document["runtime_config"]) or None,
    )


def _too_heavy(why: str) -> Reading:
    finding = Finding(
        "wasm/too-heavy",
        Severity.ERROR,
        f"Reading the module {why}, and no proxy should have to bear that. Build it with "
        "optimisation and without debug information, and push it again.",
        "the module",
    )
    return Reading(None, [finding])
