"""
OCI names, digests, versions, manifests and images: what the registry and its clients share.

No Django and no network in here. Every refusal is an OciError whose text is a sentence.
"""

from __future__ import annotations

from wasmhub.oci.descriptors import Descriptor, Platform
from wasmhub.oci.diff_ids import CONFIG_MAX_BYTES
from wasmhub.oci.digests import Digest, sha256_of
from wasmhub.oci.doctor import Diagnosis, Plan, examine, index_without_child
from wasmhub.oci.errors import (
    ImageError,
    InvalidDigestError,
    InvalidManifestError,
    InvalidNameError,
    InvalidVersionError,
    NoModuleError,
    OciError,
)
from wasmhub.oci.extract import ExtractedModule, extract_module
from wasmhub.oci.higress import HigressMetadata, HigressSpec, read_higress
from wasmhub.oci.images import ModuleLayer, NotAModule, module_layer, proxy_child
from wasmhub.oci.inspecting import Inspection, inspect_image
from wasmhub.oci.layouts import BlobOpener, LayoutTar, write_oci_layout
from wasmhub.oci.loaders import Loader
from wasmhub.oci.manifest import MANIFEST_MAX_BYTES, ParsedManifest, parse_manifest
from wasmhub.oci.names import (
    Reference,
    Repository,
    check_host,
    check_name,
    check_namespace,
    check_tag,
)
from wasmhub.oci.pack import Blob, PackedImage, pack, pack_cncf
from wasmhub.oci.repack import repack
from wasmhub.oci.runtime_config import RuntimeConfig, read_runtime_config
from wasmhub.oci.strict import check_strict
from wasmhub.oci.versions import Version, converted_tag, is_converted_tag, is_release_tag

__all__ = [
    "CONFIG_MAX_BYTES",
    "MANIFEST_MAX_BYTES",
    "Blob",
    "BlobOpener",
    "Descriptor",
    "Diagnosis",
    "Digest",
    "ExtractedModule",
    "HigressMetadata",
    "HigressSpec",
    "ImageError",
    "Inspection",
    "InvalidDigestError",
    "InvalidManifestError",
    "InvalidNameError",
    "InvalidVersionError",
    "LayoutTar",
    "Loader",
    "ModuleLayer",
    "NoModuleError",
    "NotAModule",
    "OciError",
    "PackedImage",
    "ParsedManifest",
    "Plan",
    "Platform",
    "Reference",
    "Repository",
    "RuntimeConfig",
    "Version",
    "check_host",
    "check_name",
    "check_namespace",
    "check_strict",
    "check_tag",
    "converted_tag",
    "examine",
    "extract_module",
    "index_without_child",
    "inspect_image",
    "is_converted_tag",
    "is_release_tag",
    "module_layer",
    "pack",
    "pack_cncf",
    "parse_manifest",
    "proxy_child",
    "read_higress",
    "read_runtime_config",
    "repack",
    "sha256_of",
    "write_oci_layout",
]
