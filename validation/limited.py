"""Have the hostile bytes of an image read in a child process with hard limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings

from validation.children import Child, TooHeavyError
from wasmhub.oci import ImageError, NoModuleError
from wasmhub.proxywasm import Finding, Severity

if TYPE_CHECKING:
    from wasmhub.oci.images import Packing


@dataclass(frozen=True, slots=True)
class Reading:
    """What the child read: facts in the API's shape (None: it could not), and findings."""

    facts: dict[str, Any] | None
    findings: list[Finding]


def read_in_child(layer: IO[bytes], module: IO[bytes], *, packing: Packing) -> Reading:
    """
    Unpack a layer's module into ``module`` and analyse it, both in the child.

    :raises ImageError: the layer does not hold one module that every proxy reads the same way
    :raises ReaderError: the child failed in a way that no module should be able to cause
    """
    file, limit = module.fileno(), settings.MAX_UPLOAD_BYTES
    child = Child.start("read", packing, str(file), str(limit), stdin=layer, files=[file])
    try:
        document = child.answer()
    except TooHeavyError as error:
        return _too_heavy(str(error))
    if refusal := document.get("image_error"):
        kind = NoModuleError if refusal["absent"] else ImageError
        raise kind(refusal["id"], refusal["message"])
    return Reading(document["facts"], [Finding.from_json(each) for each in document["findings"]])


def _too_heavy(why: str) -> Reading:
    finding = Finding(
        "wasm/too-heavy",
        Severity.ERROR,
        f"Reading the module {why}, and no proxy should have to bear that. Build it with "
        "optimisation and without debug information, and push it again.",
        "the module",
    )
    return Reading(None, [finding])
