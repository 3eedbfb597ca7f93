"""Hold an image to every rule of the canonical form: docs/image-spec.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.oci import media
from wasmhub.oci.diff_ids import CONFIG_MAX_BYTES, fault_of_diff_ids
from wasmhub.oci.errors import ImageError, InvalidManifestError
from wasmhub.oci.extract import PLUGIN, RUNTIME_CONFIG, ExtractedModule, extract_module
from wasmhub.oci.gunzip import MAX_UNPACKED
from wasmhub.oci.images import VARIANT_ANNOTATION
from wasmhub.oci.manifest import parse_manifest
from wasmhub.oci.runtime_config import read_runtime_config
from wasmhub.oci.strict_json import read_object, refuse_look_alike_keys
from wasmhub.proxywasm import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.oci.descriptors import Descriptor
    from wasmhub.oci.manifest import ParsedManifest
    from wasmhub.oci.tar_members import ByteSource

_CORE_MODULE: Final = b"\0asm\x01\0\0\0"
_SHOULD_HAVE: Final = ("title", "version", "licenses")
_CONFIG_FIELDS: Final = frozenset(
    {"architecture", "author", "config", "created", "history", "os", "rootfs", "variant"}
)
_PLATFORM: Final = {"os": "linux", "architecture": "amd64"}


def check_strict(manifest: bytes, config: bytes, layer: ByteSource) -> list[Finding]:
    """
    Check an image's three contents; what a MUST forbids is an error, a SHOULD is a warning.

    `layer` is read to its end. An image without findings is canonical.
    """
    try:
        parsed = parse_manifest(manifest, None)
    except InvalidManifestError as error:
        return [_must("the manifest", "1", str(error))]
    found = [*_check_manifest(parsed), *_check_config(config)]
    if parsed.config is None or len(parsed.layers) != 1:
        return found
    found += _check_blob(parsed.config, config, "the config")
    found += _check_layer(parsed, config, layer)
    return found


def _must(where: str, rule: str, message: str) -> Finding:
    return Finding("image/not-canonical", Severity.ERROR, message, _place(where, rule))


def _place(where: str, rule: str) -> str:
    """Name the rule by its number in docs/image-spec.md, or all of a section by its."""
    return f"{where} (rule {rule})"


def _check_manifest(manifest: ParsedManifest) -> Iterator[Finding]:
    where = "the manifest"
    if manifest.media_type != media.OCI_MANIFEST:
        yield _must(where, "1.1", f"The manifest's mediaType is not {media.OCI_MANIFEST}.")
    if manifest.config is not None and manifest.config.media_type != media.OCI_CONFIG:
        yield _must(where, "1.3", f"The config's media type is not {media.OCI_CONFIG}.")
    if [layer.media_type for layer in manifest.layers] != [media.OCI_LAYER_TAR_GZIP]:
        message = f"The image has not exactly one layer of {media.OCI_LAYER_TAR_GZIP}."
        yield _must(where, "1.4", message)
    blobs = [each for each in (manifest.config, *manifest.layers) if each is not None]
    named = blobs if manifest.subject is None else [*blobs, manifest.subject]
    if any(each.digest.algorithm != "sha256" for each in named):
        yield _must(where, "1.5", "The manifest has a digest that is no sha256.")
    if any(each.urls for each in blobs):
        yield _must(where, "1.5", "A blob lies outside the registry (urls).")
    if manifest.annotations.get(VARIANT_ANNOTATION) != "compat":
        yield _must(where, "1.6", f"The annotation {VARIANT_ANNOTATION} is not “compat”.")
    for name in _SHOULD_HAVE:
        key = f"org.opencontainers.image.{name}"
        if not manifest.annotations.get(key):
            message = f"The annotation {key} is missing; readers of the image look for it."
            yield Finding("image/not-canonical", Severity.WARNING, message, _place(where, "4"))


def _check_config(config: bytes) -> Iterator[Finding]:
    where = "the config"
    if len(config) > CONFIG_MAX_BYTES:
        yield _must(where, "2.1", "The config has more than 4 MiB.")
        return
    try:
        document = read_object(config)
        refuse_look_alike_keys(document, _CONFIG_FIELDS, "config")
    except InvalidManifestError:
        message = "The config is not one JSON object in UTF-8 that all read alike."
        yield _must(where, "2.1", message)
        return
    for key, value in _PLATFORM.items():
        if document.get(key) != value:
            yield _must(where, "2.2", f"The config's {key} is not “{value}”.")
    rootfs = document.get("rootfs")
    if not isinstance(rootfs, dict) or rootfs.get("type") != "layers":
        yield _must(where, "2.3", "The config's rootfs.type is not “layers”.")


def _check_blob(named: Descriptor, content: bytes, where: str) -> Iterator[Finding]:
    if named.size != len(content) or not named.digest.matches(content):
        yield _must(where, "1.5", "Its bytes are not those that the manifest names.")


def _check_layer(manifest: ParsedManifest, config: bytes, stream: ByteSource) -> Iterator[Finding]:
    layer = manifest.layers[0]
    where = f"layer {layer.digest}"
    if layer.media_type != media.OCI_LAYER_TAR_GZIP:
        return  # said already
    watched = _Watched(stream, layer)
    try:
        module = extract_module(watched, "tar+gzip", MAX_UNPACKED)
    except ImageError as error:
        yield Finding(error.id, Severity.ERROR, str(error), _place(where, "3"))
        return
    if not watched.is_as_named:
        yield _must(where, "1.5", "Its bytes are not those that the manifest names.")
    yield from _check_members(module, where)
    if module.diff_id is not None:
        fault = fault_of_diff_ids(manifest, config, layer, module.diff_id)
        if fault:
            yield Finding("image/diff-ids", Severity.ERROR, fault, _place("the config", "2.3"))


class _Watched:
    """Pass a layer's bytes on, and see whether they are the ones that its descriptor names."""

    def __init__(self, stream: ByteSource, named: Descriptor) -> None:
        self._stream = stream
        self._named = named
        self._hash = named.digest.new_hash()
        self._size = 0

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(size)
        self._hash.update(data)
        self._size += len(data)
        return data

    @property
    def is_as_named(self) -> bool:
        """Tell it, once all was read."""
        return (self._size, self._hash.hexdigest()) == (self._named.size, self._named.digest.hex)


def _check_members(module: ExtractedModule, where: str) -> Iterator[Finding]:
    if any(name not in {PLUGIN, RUNTIME_CONFIG} for name in module.names):
        message = f"The archive has other members than {PLUGIN} and {RUNTIME_CONFIG} at its root."
        yield _must(where, "3.4", message)
    if len(set(module.names)) != len(module.names):
        yield _must(where, "3.4", "The archive has two members of one name.")
    if not module.data.startswith(_CORE_MODULE):
        yield _must(where, "3.6", f"The file {PLUGIN} is no core Wasm module of version 1.")
    beside = module.runtime_config or b""
    if RUNTIME_CONFIG in module.names and read_runtime_config(beside) is None:
        yield _must(where, "3.3", f"The member {RUNTIME_CONFIG} is no file with one JSON object.")
