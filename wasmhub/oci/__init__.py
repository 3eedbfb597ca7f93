"""
OCI names, digests, versions, manifests and images: what the registry and its clients share.

No Django and no network in here. Every refusal is an OciError whose text is a sentence.
"""

from __future__ import annotations

from wasmhub.oci.descriptors import Descriptor, Platform
from wasmhub.oci.digests import Digest, sha256_of
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
from wasmhub.oci.images import ModuleLayer, NotAModule, module_layer, proxy_child
from wasmhub.oci.manifest import MANIFEST_MAX_BYTES, ParsedManifest, parse_manifest
from wasmhub.oci.names import (
    Reference,
    Repository,
    check_host,
    check_name,
    check_namespace,
    check_tag,
)
from wasmhub.oci.pack import Blob, PackedImage, pack, write_oci_layout
from wasmhub.oci.versions import Version, is_release_tag

__all__ = [
    "MANIFEST_MAX_BYTES",
    "Blob",
    "Descriptor",
    "Digest",
    "ExtractedModule",
    "ImageError",
    "InvalidDigestError",
    "InvalidManifestError",
    "InvalidNameError",
    "InvalidVersionError",
    "ModuleLayer",
    "NoModuleError",
    "NotAModule",
    "OciError",
    "PackedImage",
    "ParsedManifest",
    "Platform",
    "Reference",
    "Repository",
    "Version",
    "check_host",
    "check_name",
    "check_namespace",
    "check_tag",
    "extract_module",
    "is_release_tag",
    "module_layer",
    "pack",
    "parse_manifest",
    "proxy_child",
    "sha256_of",
    "write_oci_layout",
]
