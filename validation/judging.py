"""From a manifest to a judgement: find the module, have it read, keep its bytes."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from catalog.models import Conversion, Manifest, Verdict
from catalog.selectors import proxy_image
from catalog.services import Judgement
from core.content import content_store, keep
from validation.children import ReaderError
from validation.limited import Reading, read_in_child
from validation.metadata import told_by
from wasmhub.oci import (
    CONFIG_MAX_BYTES,
    Diagnosis,
    ImageError,
    ModuleLayer,
    examine,
    index_without_child,
    module_layer,
    parse_manifest,
)
from wasmhub.proxywasm import RULE_SET, Severity

if TYPE_CHECKING:
    from wasmhub.oci import ParsedManifest

NO_MODULE = Judgement(verdict=None, rule_set=RULE_SET)
NOTHING = Reading(None, [])


class NotConvertedError(Exception):
    """Proxies would not load the image as it is, and the form that they load is still missing."""


@dataclass(frozen=True, slots=True)
class ReadImage:
    """An image with all that was read of it; the original of its other forms."""

    row: Manifest
    parsed: ParsedManifest
    config: bytes | None
    reading: Reading
    diagnosis: Diagnosis

    @property
    def is_good(self) -> bool:
        """Whether it holds a module that passes, in this form or in one that it is packed into."""
        errors = any(each.severity == Severity.ERROR for each in self.reading.findings)
        return self.diagnosis.plan is not None and self.reading.facts is not None and not errors


def judge(manifest: Manifest) -> Judgement:
    """
    Judge exactly the bytes that istio-agent and Envoy Gateway would run.

    When it passes, the module's bytes are in the content store under their own sha256.

    :raises NotConvertedError: it would pass, once it is converted
    """
    with tempfile.TemporaryFile() as module:
        read = read_image(manifest, module)
        if read is None:
            missing = index_without_child().as_json()
            return Judgement(Verdict.FAILED, RULE_SET, findings=[missing])
        found = read.diagnosis
        if found.form is None and not found.findings:
            return NO_MODULE
        if read.is_good and found.pin == "canonical" and not _is_converted(read.row):
            raise NotConvertedError
        if read.is_good and read.reading.facts is not None:
            # ``/download/`` serves the module by its own digest.
            module.seek(0)
            if keep(module).sha256 != read.reading.facts["sha256"]:
                raise ReaderError("The reader spoke of other bytes than those it unpacked.")
    return _judgement(read)


def read_image(manifest: Manifest, module: IO[bytes]) -> ReadImage | None:
    """
    Have the image of a manifest read in the limited child, and its module put into a file.

    None when the manifest is an index without an image for proxies.
    """
    row = proxy_image(manifest)
    image = parse_manifest(bytes(row.content), row.media_type) if row is not None else None
    if row is None or image is None or image.kind == "index":
        return None
    config, found = _config(image), module_layer(image)
    reading, refusal = NOTHING, None
    if isinstance(found, ModuleLayer) and found.layer.digest.algorithm == "sha256":
        # wasme's config is what others put into the archive as runtime-config.json.
        said = config if found.form == "wasme" else None
        try:
            with content_store().open(found.layer.digest.hex) as layer:
                reading = read_in_child(layer, module, packing=found.packing, runtime_config=said)
        except ImageError as error:
            refusal = error
    diagnosis = examine(
        parse_manifest(bytes(manifest.content), manifest.media_type),
        child=image,
        config=config,
        diff_id=reading.diff_id,
        refusal=refusal,
    )
    return ReadImage(row, image, config, reading, diagnosis)


def _config(image: ParsedManifest) -> bytes | None:
    if image.config is None or image.config.digest.algorithm != "sha256":
        return None
    with content_store().open(image.config.digest.hex) as config:
        return config.read(CONFIG_MAX_BYTES + 1)


def _is_converted(image: Manifest) -> bool:
    return image.conversions.filter(form=Conversion.Form.CANONICAL).exists()


def _judgement(read: ReadImage) -> Judgement:
    told, schema = told_by(read.parsed) if read.is_good else ({}, None)
    packaging = {**read.diagnosis.as_json(), "config_schema": schema}
    packaging["root_ids"] = (read.reading.facts or {}).get("root_ids", [])
    findings = [*packaging.pop("findings"), *(each.as_json() for each in read.reading.findings)]
    verdict = Verdict.PASSED if read.is_good else Verdict.FAILED
    return Judgement(verdict, RULE_SET, read.reading.facts, findings, packaging, told)
