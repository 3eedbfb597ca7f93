"""All that can be said of a source, in the shapes that pages and REST have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from wasmhub.cli.errors import UsageError
from wasmhub.oci import InvalidManifestError, inspect_image, proxy_child
from wasmhub.oci.checked import BLOB_MAX
from wasmhub.proxywasm import (
    Compatibility,
    Finding,
    analyse,
    capability_restriction,
    compatibility_of,
    in_words,
)

if TYPE_CHECKING:
    from wasmhub.cli.sources import Source
    from wasmhub.cli.stored import Image
    from wasmhub.client import Release
    from wasmhub.oci import Diagnosis, Inspection

_WORST_FIRST: Final = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Packaging:
    """What is said of an image; each digest is empty where there is none."""

    diagnosis: Diagnosis
    manifest_digest: str
    index_digest: str
    release: Release | None

    def as_json(self) -> dict[str, Any]:
        """Return the doctor's shape, with the digests and the hub's release."""
        return {
            **self.diagnosis.as_json(),
            "digest": self.manifest_digest or None,
            "index_digest": self.index_digest or None,
            "release": self.release.as_json() if self.release else None,
        }


@dataclass(frozen=True, slots=True)
class Examined:
    """What is said of a source; ``facts`` is None when no module could be taken out of it."""

    name: str
    facts: dict[str, Any] | None
    rows: tuple[Compatibility, ...]
    findings: tuple[Finding, ...]
    packaging: Packaging | None

    @property
    def capabilities(self) -> list[dict[str, str]]:
        """Return what the module can do, in words."""
        return in_words(self.facts["capabilities"]) if self.facts else []

    def as_json(self) -> dict[str, Any]:
        """Return what `wasmhub inspect --json` says."""
        return {
            "facts": self.facts,
            "compatibility": [each.as_json() for each in self.rows],
            "findings": [each.as_json() for each in self.findings],
            "capabilities": self.capabilities,
            "restriction": capability_restriction(self.facts) if self.facts else None,
            "image": self.packaging.as_json() if self.packaging else None,
        }


def examine_source(source: Source) -> Examined:
    """Read the module of a source, and judge its packaging if it has one."""
    if source.image is None:
        return _examined(source, source.module, None, None)
    inspection = _inspect(source.image)
    taken = inspection.module
    return _examined(
        source,
        taken.data if taken else None,
        taken.runtime_config if taken else None,
        _packaging(source, source.image, inspection),
    )


def module_of(source: Source) -> bytes:
    """Return the bytes that a proxy would run, or raise UsageError with why there are none."""
    if source.image is None:
        return source.module or b""
    inspection = _inspect(source.image)
    if inspection.module is not None:
        return inspection.module.data
    findings = inspection.diagnosis.findings
    why = findings[0].message if findings else "It holds no Wasm module."
    raise UsageError(f"{source.name} has no module that can be taken out. {why}")


def _inspect(image: Image) -> Inspection:
    """Examine an image whose blobs may be missing or damaged."""
    try:
        return inspect_image(image.parsed, image.open_blob, BLOB_MAX)
    except InvalidManifestError as error:
        raise UsageError(f"The image's manifest cannot be read: {error}") from error


def _examined(
    source: Source,
    module: bytes | None,
    runtime_config: bytes | None,
    packaging: Packaging | None,
) -> Examined:
    findings = list(packaging.diagnosis.findings) if packaging else []
    if module is None:
        return Examined(source.name, None, (), tuple(findings), packaging)
    analysis = analyse(module, runtime_config)
    facts = analysis.facts.as_json()
    findings += analysis.findings
    findings.sort(key=lambda each: _WORST_FIRST.index(each.severity))
    known = source.release is None or source.release.module_sha256 == facts["sha256"]
    rows = compatibility_of(facts, source.proofs if known else ())
    return Examined(source.name, facts, rows, tuple(findings), packaging)


def _packaging(source: Source, image: Image, inspection: Inspection) -> Packaging:
    named = str(image.digest or "")
    if image.parsed.kind != "index":
        return Packaging(inspection.diagnosis, named, "", source.release)
    child = proxy_child(image.parsed)
    return Packaging(
        inspection.diagnosis, str(child.digest) if child else "", named, source.release
    )
