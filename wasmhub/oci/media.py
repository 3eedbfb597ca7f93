"""Media types of manifests, configs and layers that the hub knows by name."""

from __future__ import annotations

from typing import Final

# Manifests (OCI image-spec 1.1 media-types.md; Docker Image Manifest V2, Schema 2)
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_MANIFEST_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"

IMAGE_MANIFESTS: Final = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
INDEXES: Final = frozenset({OCI_INDEX, DOCKER_MANIFEST_LIST})
DOCKER_TYPES: Final = frozenset({DOCKER_MANIFEST, DOCKER_MANIFEST_LIST})

# Container images
OCI_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
OCI_LAYER_TAR: Final = "application/vnd.oci.image.layer.v1.tar"
OCI_LAYER_TAR_GZIP: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_LAYER_TAR_ZSTD: Final = "application/vnd.oci.image.layer.v1.tar+zstd"
OCI_EMPTY: Final = "application/vnd.oci.empty.v1+json"
DOCKER_CONFIG: Final = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER_TAR: Final = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_LAYER_TAR_GZIP: Final = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_LAYER_TAR_ZSTD: Final = "application/vnd.docker.image.rootfs.diff.tar.zstd"
DOCKER_FOREIGN_LAYER: Final = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
IMAGE_CONFIGS: Final = frozenset({OCI_CONFIG, DOCKER_CONFIG})
TAR_LAYERS: Final = frozenset({OCI_LAYER_TAR, DOCKER_LAYER_TAR})
TAR_GZIP_LAYERS: Final = frozenset({OCI_LAYER_TAR_GZIP, DOCKER_LAYER_TAR_GZIP})
TAR_ZSTD_LAYERS: Final = frozenset({OCI_LAYER_TAR_ZSTD, DOCKER_LAYER_TAR_ZSTD})
ARCHIVE_LAYERS: Final = TAR_LAYERS | TAR_GZIP_LAYERS | TAR_ZSTD_LAYERS
_NON_DISTRIBUTABLE: Final = frozenset(
    {
        DOCKER_FOREIGN_LAYER,
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    }
)

# Wasm artifacts of other tools
WASME_CONFIG: Final = "application/vnd.module.wasm.config.v1+json"
WASME_CONTENT: Final = "application/vnd.module.wasm.content.layer.v1+wasm"
CNCF_CONFIG: Final = "application/vnd.wasm.config.v0+json"
WASM: Final = "application/wasm"
WASM_TO_OCI_CONFIG: Final = "application/vnd.wasm.config.v1+json"
WASM_TO_OCI_CONTENT: Final = "application/vnd.wasm.content.layer.v1+wasm"
HIGRESS_SPEC: Final = "application/vnd.module.wasm.spec.v1+yaml"
HIGRESS_DOC: Final = "application/vnd.module.wasm.doc.v1+markdown"
HIGRESS_ICON: Final = "application/vnd.module.wasm.icon.v1+png"
_HIGRESS_PREFIXES: Final = (
    "application/vnd.module.wasm.spec.",
    "application/vnd.module.wasm.doc.",  # README_{lang}.md puts the language after v1.
    "application/vnd.module.wasm.icon.",
)


def is_non_distributable(media_type: str) -> bool:
    """Tell whether a layer of this type may be absent from the registry."""
    return media_type in _NON_DISTRIBUTABLE


def is_higress_metadata(media_type: str) -> bool:
    """Tell whether a layer of this type describes a Higress plugin."""
    return media_type.startswith(_HIGRESS_PREFIXES)
