"""
Find the module in an image the way proxies do (istio-agent's fetcher and Envoy Gateway's copy).

Both try in this order: a Docker manifest whose last layer is Docker's tar+gzip; an OCI manifest
whose last layer is OCI's tar+gzip; exactly two layers, one of wasme's content type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from wasmhub.oci import media

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wasmhub.oci.descriptors import Descriptor
    from wasmhub.oci.manifest import ParsedManifest

Packing = Literal["raw", "tar+gzip", "tar"]
Form = Literal["compat-oci", "compat-docker", "higress", "wasme", "cncf", "wasm-to-oci"]

VARIANT_ANNOTATION: Final = "module.wasm.image/variant"
_WASME_LAYERS: Final = 2
_RAW_FORMS: Final[Mapping[str, Form]] = {
    media.WASME_CONTENT: "wasme",
    media.WASM: "cncf",
    media.WASM_TO_OCI_CONTENT: "wasm-to-oci",
}
_UNPACKED: Final[Mapping[str, Packing]] = {
    **dict.fromkeys(media.TAR_GZIP_LAYERS, "tar+gzip"),
    **dict.fromkeys(media.TAR_LAYERS, "tar"),
}
_WASM_CONFIGS: Final = frozenset({media.WASME_CONFIG, media.CNCF_CONFIG, media.WASM_TO_OCI_CONFIG})
_PUSH_CANONICAL: Final = (
    "push it as an OCI image whose last layer is a tar+gzip archive with plugin.wasm."
)
_MEND: Final = f"Istio and Envoy Gateway do not load it; {_PUSH_CANONICAL}"


@dataclass(frozen=True, slots=True)
class ModuleLayer:
    """Say which layer holds the module and how it is packed."""

    form: Form
    layer: Descriptor
    packing: Packing
    declared: bool
    """Whether the manifest itself speaks of Wasm; else only the layer's content can tell."""
    reason: str = ""
    """Why Istio and Envoy Gateway would not load the image, and what to do; else empty."""
    mistake: str = ""
    """The id of the finding that `reason` belongs to; empty when the image loads."""

    @property
    def loads(self) -> bool:
        """Tell whether Istio and Envoy Gateway would take this layer."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class NotAModule:
    """Say why an image that speaks of Wasm holds no module that the hub can read."""

    id: Literal["image/ambiguous", "image/unsupported-form", "image/zstd"]
    reason: str


_AMBIGUOUS: Final = NotAModule(
    "image/ambiguous",
    "More than one layer could hold the module; push an image with one module.",
)
_ELSEWHERE: Final = NotAModule(
    "image/unsupported-form",
    "The layer with the module lies outside the registry (urls); push its bytes here.",
)


def module_layer(manifest: ParsedManifest) -> ModuleLayer | NotAModule | None:
    """Find an image's module; None for an index and for an image that has nothing of Wasm."""
    if manifest.kind == "index":
        return None
    found = _loadable_layer(manifest) or _other_layer(manifest)
    return _refuse_differentials(manifest, found) if isinstance(found, ModuleLayer) else found


def proxy_child(index: ParsedManifest) -> Descriptor | None:
    """
    Pick the child of an index that proxies resolve: the first one for linux/amd64.

    The fetchers' OCI library takes a child without a platform for linux/amd64.
    """
    for child in index.manifests:
        platform = child.platform
        if platform is None or (platform.os, platform.architecture) == ("linux", "amd64"):
            return child
    return None


def _loadable_layer(manifest: ParsedManifest) -> ModuleLayer | NotAModule | None:
    """Follow the fetchers' algorithm; None when it ends without a layer."""
    layers = manifest.layers
    if not layers:
        return None
    docker = manifest.media_type == media.DOCKER_MANIFEST
    wanted = media.DOCKER_LAYER_TAR_GZIP if docker else media.OCI_LAYER_TAR_GZIP
    if layers[-1].media_type == wanted:
        if any(layer.media_type in _RAW_FORMS for layer in layers):
            # The fetchers fall back to the raw layer when the archive has no plugin.wasm.
            return _AMBIGUOUS
        return ModuleLayer(_archive_form(manifest), layers[-1], "tar+gzip", _is_declared(manifest))
    contents = [layer for layer in layers if layer.media_type == media.WASME_CONTENT]
    if docker or len(layers) != _WASME_LAYERS or not contents:
        return None
    if len(contents) > 1:
        return _AMBIGUOUS
    return ModuleLayer("wasme", contents[0], "raw", declared=True)


def _other_layer(manifest: ParsedManifest) -> ModuleLayer | NotAModule | None:
    """Find a module that the hub can read though the fetchers would not take it."""
    if not _is_declared(manifest):
        return None
    raw = [layer for layer in manifest.layers if layer.media_type in _RAW_FORMS]
    candidates = raw or [layer for layer in manifest.layers if layer.media_type in _UNPACKED]
    if len(candidates) > 1:
        return _AMBIGUOUS
    if not candidates:
        return _no_candidate(manifest)
    layer = candidates[0]
    mistake, why = _why_not(manifest, layer)
    return ModuleLayer(
        form=_RAW_FORMS.get(layer.media_type) or _archive_form(manifest),
        layer=layer,
        packing=_UNPACKED.get(layer.media_type, "raw"),
        declared=True,
        reason=f"{why} {_MEND}",
        mistake=mistake,
    )


def _no_candidate(manifest: ParsedManifest) -> NotAModule:
    if any(layer.media_type in media.TAR_ZSTD_LAYERS for layer in manifest.layers):
        return NotAModule(
            "image/zstd",
            "The layer is packed with zstd, which neither Istio, Envoy Gateway nor the hub "
            f"unpacks; {_PUSH_CANONICAL}",
        )
    return NotAModule(
        "image/unsupported-form",
        f"The image speaks of Wasm but has no layer of a known form; {_PUSH_CANONICAL}",
    )


def _why_not(manifest: ParsedManifest, layer: Descriptor) -> tuple[str, str]:
    """Return the finding's id and the sentence that says why proxies do not take the layer."""
    kind, count = layer.media_type, len(manifest.layers)
    if kind == media.WASM:
        return "image/cncf-form", "The image is a CNCF Wasm artifact."
    if kind == media.WASM_TO_OCI_CONTENT:
        return "image/wasm-to-oci-form", "The image has the form of wasm-to-oci."
    if kind == media.WASME_CONTENT and manifest.media_type == media.OCI_MANIFEST:
        mistake = "image/one-raw-layer" if count == 1 else "image/extra-layer"
        return mistake, f"The form of wasme needs exactly two layers; this image has {count}."
    if kind in media.TAR_LAYERS:
        return "image/uncompressed", "The layer with the module is a tar archive without gzip."
    if kind in media.TAR_GZIP_LAYERS and layer != manifest.layers[-1]:
        return "image/layer-order", "The layer with the module is not the last one."
    return (
        "image/mixed-media-types",
        "The manifest and its layer mix Docker's and OCI's media types.",
    )


def _refuse_differentials(
    manifest: ParsedManifest, found: ModuleLayer
) -> ModuleLayer | NotAModule | None:
    """Refuse a layer whose bytes or type another reader would look up elsewhere."""
    if not found.layer.is_distributable:
        return _ELSEWHERE if found.declared else None
    # The fetchers' OCI library finds a layer's type by its digest: the first descriptor wins.
    types = {each.media_type for each in manifest.layers if each.digest == found.layer.digest}
    if len(types) > 1:
        return NotAModule(
            "image/ambiguous",
            "The layer with the module is listed under two media types; list it once.",
        )
    return found


def _archive_form(manifest: ParsedManifest) -> Form:
    if any(media.is_higress_metadata(layer.media_type) for layer in manifest.layers):
        return "higress"
    return "compat-docker" if manifest.media_type == media.DOCKER_MANIFEST else "compat-oci"


def _is_declared(manifest: ParsedManifest) -> bool:
    annotations = manifest.annotations
    config = manifest.config
    return (
        annotations.get(VARIANT_ANNOTATION) is not None
        or annotations.get("run.oci.handler") == "wasm"
        or any(name.startswith("module.wasm.runtime/") for name in annotations)
        or (config is not None and config.media_type in _WASM_CONFIGS)
        or any(_is_wasm(layer.media_type) for layer in manifest.layers)
    )


def _is_wasm(media_type: str) -> bool:
    return media_type in _RAW_FORMS or media.is_higress_metadata(media_type)
