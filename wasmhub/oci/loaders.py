"""
Who can load an image: the answer for each consumer that extensions are written for.

Read in the sources of istio/istio, envoyproxy/gateway, solo-io/gloo and solo-io/wasm,
goharbor/harbor, bytecodealliance/wasm-pkg-tools and containerd/containerd, November 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from wasmhub.oci import media
from wasmhub.oci.images import VARIANT_ANNOTATION, ModuleLayer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wasmhub.oci.images import NotAModule
    from wasmhub.oci.manifest import ParsedManifest

Name = Literal["istio", "envoy-gateway", "gloo", "harbor", "wkg", "image-volume"]
_FETCHERS: Final[Mapping[Name, str]] = {"istio": "Istio", "envoy-gateway": "Envoy Gateway"}
LOADER_TITLES: Final[Mapping[Name, str]] = {
    **_FETCHERS,
    "gloo": "Gloo",
    "harbor": "Harbor",
    "wkg": "wkg",
    "image-volume": "Kubernetes image volumes",
}
# Faults of a layer that no reader gets over; with the others, readers differ.
_FATAL: Final = frozenset({"image/no-plugin-wasm", "image/wrong-media-type", "image/not-sha256"})


@dataclass(frozen=True, slots=True)
class Loader:
    """Say whether one consumer loads an image."""

    name: Name
    reason: str
    loads: bool | None = None
    """None: it is not known, or depends on more than the image."""

    def as_json(self) -> dict[str, Any]:
        """Return the shape that pages, REST and the command line share."""
        return {
            "name": self.name,
            "title": LOADER_TITLES[self.name],
            "loads": self.loads,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """Hold what reading an image's blobs said, as far as they were at hand."""

    was_read: bool = False
    """Whether the layer was read to its end without a fault."""
    fault: str = ""
    """The finding's id when the layer could not be read."""
    diff_ids: bool | None = None
    """Whether the config's diff ids are right; None when that was not checked."""


def loaders_of(
    manifest: ParsedManifest, found: ModuleLayer | NotAModule, reading: Reading
) -> tuple[Loader, ...]:
    """Answer for every consumer, always in the same order."""
    if isinstance(found, ModuleLayer):
        loads, reason = _takes(found, reading)
    else:
        loads, reason = _takes_none(found)
    return (
        *(Loader(name, reason.format(title), loads) for name, title in _FETCHERS.items()),
        _gloo(manifest),
        _harbor(manifest),
        _wkg(manifest),
        _image_volume(manifest, reading),
    )


def unknown_loaders(reason: str) -> tuple[Loader, ...]:
    """Answer "unknown" for every consumer."""
    return tuple(Loader(name, reason) for name in LOADER_TITLES)


def refusing_loaders(reason: str) -> tuple[Loader, ...]:
    """Answer "no" for the fetchers of proxies and "unknown" for the others."""
    return tuple(
        Loader(each.name, reason, loads=False if each.name in _FETCHERS else None)
        for each in unknown_loaders(reason)
    )


def loaders_through_index(loaders: tuple[Loader, ...]) -> tuple[Loader, ...]:
    """Keep the answers of those who are known to follow an index to the image behind it."""
    reason = "It is reached through an index, and whether this one follows it was not tried."
    return tuple(
        Loader(each.name, reason) if each.loads and each.name in {"gloo", "wkg"} else each
        for each in loaders
    )


def _takes_none(found: NotAModule) -> tuple[bool | None, str]:
    if found.id == "image/ambiguous":
        return None, "{} picks one of the layers; other programs may pick another."
    return False, "{} finds no layer that it takes."


def _takes(found: ModuleLayer, reading: Reading) -> tuple[bool | None, str]:
    """Answer for istio-agent's fetcher and Envoy Gateway's copy of it."""
    if reading.fault in _FATAL or not found.loads:
        return False, "{} refuses the image; the findings say why."
    if reading.fault:
        return None, "{} may stop or go on where the layer is not sound."
    if found.packing == "raw":
        return True, "{} takes the one raw layer with the module."
    if not reading.was_read:
        return None, "{} takes the last layer if it holds plugin.wasm; it was not read here."
    return True, "{} takes plugin.wasm from the last layer."


def _gloo(manifest: ParsedManifest) -> Loader:
    if any(layer.media_type == media.WASME_CONTENT for layer in manifest.layers):
        return Loader("gloo", "Gloo takes the layer of wasme's content type.", loads=True)
    return Loader(
        "gloo",
        "The last open source of Gloo takes the form of wasme only; later versions are not open, "
        "and were not tried.",
    )


def _harbor(manifest: ParsedManifest) -> Loader:
    annotations = manifest.annotations
    if (
        _config_type(manifest) in {media.WASM_TO_OCI_CONFIG, media.WASME_CONFIG}
        or annotations.get(VARIANT_ANNOTATION) == "compat"
        or annotations.get("run.oci.handler") == "wasm"
    ):
        return Loader("harbor", "Harbor stores it and shows it as WASM.", loads=True)
    return Loader("harbor", "Harbor stores it, but does not show it as WASM.", loads=False)


def _wkg(manifest: ParsedManifest) -> Loader:
    types = [layer.media_type for layer in manifest.layers]
    if types == [media.WASM] and _config_type(manifest) == media.CNCF_CONFIG:
        return Loader("wkg", "wkg pulls the one layer of type application/wasm.", loads=True)
    reason = "wkg pulls only CNCF Wasm artifacts: their config, and one layer of application/wasm."
    return Loader("wkg", reason, loads=False)


def _image_volume(manifest: ParsedManifest, reading: Reading) -> Loader:
    archives = [each for each in manifest.layers if each.media_type in media.ARCHIVE_LAYERS]
    loads = None
    if _config_type(manifest) not in media.IMAGE_CONFIGS or not archives:
        reason = "CRI-O mounts the layers of artifacts as files; containerd mounts no artifacts."
    elif reading.fault or reading.diff_ids is None:
        reason = "It depends on the diff ids of the config, which were not checked."
    elif reading.diff_ids:
        loads, reason = True, "Container runtimes unpack it as they do every image."
    else:
        reason = "containerd does not unpack it, because its diff ids are wrong; podman does."
    return Loader("image-volume", reason, loads)


def _config_type(manifest: ParsedManifest) -> str:
    return manifest.config.media_type if manifest.config is not None else ""
