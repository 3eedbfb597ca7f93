"""From a manifest to a judgement: find the module, have it read, keep its bytes."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catalog.models import Manifest, Verdict
from catalog.services import Judgement
from core.content import content_store, keep
from validation.children import ReaderError
from validation.limited import read_in_child
from wasmhub.oci import (
    ImageError,
    ModuleLayer,
    NoModuleError,
    NotAModule,
    module_layer,
    parse_manifest,
    proxy_child,
)
from wasmhub.proxywasm import RULE_SET, Finding, Severity

if TYPE_CHECKING:
    from typing import Any

    from wasmhub.oci import ParsedManifest


@dataclass(slots=True)
class Case:
    """What is known of a manifest while it is judged."""

    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, Any] | None = None

    def add(self, finding_id: str, severity: Severity, message: str, where: str) -> None:
        self.findings.append(Finding(finding_id, severity, message, where))

    def judgement(self) -> Judgement:
        failed = any(finding.severity == Severity.ERROR for finding in self.findings)
        verdict = Verdict.FAILED if failed else Verdict.PASSED
        listed = [finding.as_json() for finding in self.findings]
        return Judgement(verdict, RULE_SET, self.facts, listed)


NO_MODULE = Judgement(verdict=None, rule_set=RULE_SET)


def judge(manifest: Manifest) -> Judgement:
    """
    Judge exactly the bytes that istio-agent and Envoy Gateway would run.

    When it passes, the module's bytes are in the content store under their own sha256.
    """
    case = Case()
    image = _image(manifest, case)
    found = module_layer(image) if image is not None else None
    if isinstance(found, NotAModule):
        case.add(found.id, Severity.ERROR, found.reason, "the manifest")
    elif isinstance(found, ModuleLayer):
        if found.reason:
            case.add("image/unsupported-form", Severity.ERROR, found.reason, "the manifest")
        try:
            _read(found, case)
        except ImageError as error:
            if isinstance(error, NoModuleError) and not found.declared:
                return NO_MODULE
            case.add(error.id, Severity.ERROR, str(error), f"layer {found.layer.digest}")
    elif not case.findings:
        return NO_MODULE
    return case.judgement()


def _image(manifest: Manifest, case: Case) -> ParsedManifest | None:
    """Return the image itself, or the child of an index that a proxy resolves."""
    parsed = parse_manifest(bytes(manifest.content), manifest.media_type)
    if parsed.kind == "image":
        return parsed
    child = proxy_child(parsed)
    row = manifest.extension.manifests.filter(digest=str(child.digest)).first() if child else None
    if row is None or child is None:
        message = (
            "The index has no child for linux/amd64, which is the one that proxies ask for. "
            "Push the image itself instead of an index."
        )
        case.add("image/index-without-child", Severity.ERROR, message, "the index")
        return None
    message = (
        f"This is an index. Proxies resolve it to {child.digest}: pin that digest, never the "
        "index's own, or push the image itself."
    )
    case.add("image/index", Severity.WARNING, message, "the index")
    return parse_manifest(bytes(row.content), row.media_type)


def _read(found: ModuleLayer, case: Case) -> None:
    """Have the module read in the limited child process, and keep its bytes if it is one."""
    if found.layer.digest.algorithm != "sha256":
        message = (
            f"The module's layer is named by {found.layer.digest.algorithm}, and the proxies' "
            "clients know sha256 only. Push the image with sha256 digests."
        )
        case.add("image/not-sha256", Severity.ERROR, message, "the manifest")
        return
    with content_store().open(found.layer.digest.hex) as layer, tempfile.TemporaryFile() as module:
        reading = read_in_child(layer, module, packing=found.packing)
        case.facts = reading.facts
        case.findings.extend(reading.findings)
        if reading.facts is not None and case.judgement().verdict == Verdict.PASSED:
            # ``/download/`` serves the module by its own digest.
            module.seek(0)
            if keep(module).sha256 != reading.facts["sha256"]:
                raise ReaderError("The reader spoke of other bytes than those it unpacked.")
