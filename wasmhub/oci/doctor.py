"""
The packaging doctor: what form an image has, who loads it, what is wrong, and how to mend it.

Values in, values out: the worker, the REST API and the command line share it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from wasmhub.oci.diff_ids import fault_of_diff_ids
from wasmhub.oci.errors import NoModuleError
from wasmhub.oci.images import ModuleLayer, NotAModule, module_layer, proxy_child
from wasmhub.oci.loaders import (
    Loader,
    Reading,
    loaders_of,
    loaders_through_index,
    refusing_loaders,
    unknown_loaders,
)
from wasmhub.proxywasm import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wasmhub.oci.descriptors import Descriptor
    from wasmhub.oci.digests import Digest
    from wasmhub.oci.errors import ImageError
    from wasmhub.oci.images import Form, Packing
    from wasmhub.oci.manifest import ParsedManifest
    from wasmhub.oci.versions import Conversion

FORM_LETTERS: Final[Mapping[Form, str]] = {
    "compat-oci": "A",
    "compat-docker": "B",
    "wasme": "C",
    "cncf": "D",
    "higress": "E",
    "wasm-to-oci": "F",
}
FORM_TITLES: Final[Mapping[Form, str]] = {
    "compat-oci": "OCI image, compat variant",
    "compat-docker": "Docker image, compat variant",
    "wasme": "image of wasme",
    "cncf": "CNCF Wasm artifact",
    "higress": "image of Higress",
    "wasm-to-oci": "image of wasm-to-oci",
}
_MENDED: Final = " Or deploy the canonical image, which the hub publishes beside it."


@dataclass(frozen=True, slots=True)
class Plan:
    """Say where the module is, and which forms to publish beside the image."""

    layer: Descriptor
    packing: Packing
    conversions: tuple[Conversion, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Hold all that the doctor says of an image or an index."""

    form: Form | None
    """None when there is nothing of Wasm, or no form that is known."""
    loaders: tuple[Loader, ...]
    findings: tuple[Finding, ...]
    plan: Plan | None
    """None when no module can be taken out; else every error here is mended by a conversion."""
    pin: Literal["itself", "child", "canonical"] | None
    """
    Which digest a deploy manifest names: the image's own, that of the index's child for proxies,
    or that of the converted image; None when there is none to name.
    """

    def as_json(self) -> dict[str, Any]:
        """Return the shape that pages, REST and the command line share."""
        return {
            "form": self.form,
            "letter": FORM_LETTERS[self.form] if self.form else None,
            "title": FORM_TITLES[self.form] if self.form else None,
            "loaders": [each.as_json() for each in self.loaders],
            "findings": [each.as_json() for each in self.findings],
            "conversions": list(self.plan.conversions) if self.plan else [],
            "pin": self.pin,
        }


def examine(
    manifest: ParsedManifest,
    *,
    config: bytes | None = None,
    diff_id: Digest | None = None,
    refusal: ImageError | None = None,
    child: ParsedManifest | None = None,
) -> Diagnosis:
    """
    Examine an image, as far as its blobs are at hand.

    `config` holds the bytes of the config blob. `diff_id` and `refusal` are what `extract_module`
    said of the layer that `module_layer` names: an archive's diff id, or why it was refused.
    For an index, `child` is the image that `proxy_child` names, and the others belong to it.
    """
    if manifest.kind == "index":
        if child is None or child.kind == "index":
            return _of_index_alone(manifest, child)
        inner = examine(child, config=config, diff_id=diff_id, refusal=refusal)
        return _of_index(manifest, inner)
    found = module_layer(manifest)
    if found is None or (_is_absent(refusal) and not _is_declared(found)):
        return Diagnosis(None, unknown_loaders("It holds no Wasm module."), (), None, None)
    fatal = _fatal(manifest, found, refusal)
    findings = [*fatal, *_mistake(found, mended=not fatal)]
    reading = Reading(
        was_read=diff_id is not None and refusal is None,
        fault=fatal[0].id if fatal else "",
    )
    if isinstance(found, ModuleLayer) and config is not None and diff_id is not None:
        fault = fault_of_diff_ids(manifest, config, found.layer, diff_id)
        reading = replace(reading, diff_ids=not fault)
        findings += _diff_id_findings(fault, found.form)
    is_certain = reading.was_read or _is_declared(found)
    plan = _plan(found, findings) if is_certain and not fatal else None
    return Diagnosis(
        form=found.form if isinstance(found, ModuleLayer) else None,
        loaders=loaders_of(manifest, found, reading),
        findings=tuple(findings),
        plan=plan,
        pin=_pin(found, plan),
    )


def index_without_child() -> Finding:
    """Return the finding of an index from which proxies can take no image."""
    return Finding(
        "image/index-without-child",
        Severity.ERROR,
        "The index has no image for linux/amd64 with a module, which is the one that proxies ask "
        "for. Push the image itself instead of an index.",
        "the index",
    )


def _of_index_alone(index: ParsedManifest, child: ParsedManifest | None) -> Diagnosis:
    """Say what an index says without the image behind it."""
    chosen = proxy_child(index)
    if chosen is None:
        return _without_child()
    if child is not None:  # an index again: the fetchers' OCI library follows it, others need not
        unknown = unknown_loaders("It is an index of indexes, and programs differ on those.")
        return Diagnosis(None, unknown, (index_without_child(),), None, None)
    unknown = unknown_loaders("It is an index, and its image was not read.")
    return Diagnosis(None, unknown, (_pin_child(chosen),), None, None)


def _of_index(index: ParsedManifest, inner: Diagnosis) -> Diagnosis:
    """Add to an image's diagnosis that it is reached through an index."""
    chosen = proxy_child(index)
    if chosen is None or (inner.form is None and not inner.findings):
        return _without_child()
    if foreign := _not_sha256(index):
        return Diagnosis(None, refusing_loaders(foreign.message), (foreign,), None, None)
    return replace(
        inner,
        loaders=loaders_through_index(inner.loaders),
        findings=(_pin_child(chosen), *inner.findings),
        pin="child" if inner.pin == "itself" else inner.pin,
    )


def _pin_child(chosen: Descriptor) -> Finding:
    return Finding(
        "image/index",
        Severity.WARNING,
        f"This is an index. Proxies resolve it to {chosen.digest}: pin that digest, never the "
        "index's own, or push the image itself.",
        "the index",
    )


def _without_child() -> Diagnosis:
    finding = index_without_child()
    return Diagnosis(None, refusing_loaders(finding.message), (finding,), None, None)


def _is_absent(refusal: ImageError | None) -> bool:
    return isinstance(refusal, NoModuleError)


def _is_declared(found: ModuleLayer | NotAModule) -> bool:
    return isinstance(found, NotAModule) or found.declared


def _fatal(
    manifest: ParsedManifest, found: ModuleLayer | NotAModule, refusal: ImageError | None
) -> list[Finding]:
    """List what no packing anew can mend."""
    if isinstance(found, NotAModule):
        return [Finding(found.id, Severity.ERROR, found.reason, "the manifest")]
    if foreign := _not_sha256(manifest):
        return [foreign]
    if refusal is not None:
        where = f"layer {found.layer.digest}"
        return [Finding(refusal.id, Severity.ERROR, str(refusal), where)]
    return []


def _mistake(found: ModuleLayer | NotAModule, *, mended: bool) -> list[Finding]:
    """Return why proxies would not take the layer, and that the hub has one that they take."""
    if isinstance(found, NotAModule) or found.loads:
        return []
    message = found.reason + (_MENDED if mended else "")
    return [Finding(found.mistake, Severity.ERROR, message, "the manifest")]


def _not_sha256(manifest: ParsedManifest) -> Finding | None:
    """Find a digest that makes the fetchers' OCI library refuse the whole manifest."""
    named = (manifest.config, *manifest.layers, *manifest.manifests, manifest.subject)
    others = {each.digest.algorithm for each in named if each is not None} - {"sha256"}
    if not others:
        return None
    return Finding(
        "image/not-sha256",
        Severity.ERROR,
        f"The manifest names a blob by {min(others)}, and the proxies' clients know sha256 only. "
        "Push the image with sha256 digests.",
        "the manifest",
    )


def _diff_id_findings(fault: str, form: Form) -> list[Finding]:
    if not fault:
        return []
    # Who packs for Higress pushes files with oras, and its configs list nothing.
    severity = Severity.NOTE if form == "higress" else Severity.WARNING
    message = (
        f"{fault} Proxies load it all the same, but containerd does not unpack it, which mounts "
        "image volumes in Kubernetes. Build the config anew, or use the canonical image."
    )
    return [Finding("image/diff-ids", severity, message, "the config")]


def _plan(found: ModuleLayer | NotAModule, findings: list[Finding]) -> Plan | None:
    if not isinstance(found, ModuleLayer):
        return None
    conversions: list[Conversion] = []
    if found.form != "compat-oci" or findings:
        conversions.append("canonical")
    if found.form != "cncf":
        conversions.append("cncf")
    return Plan(found.layer, found.packing, tuple(conversions))


def _pin(
    found: ModuleLayer | NotAModule, plan: Plan | None
) -> Literal["itself", "canonical"] | None:
    if plan is None or not isinstance(found, ModuleLayer):
        return None
    return "itself" if found.loads else "canonical"
