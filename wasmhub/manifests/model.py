"""What goes into a renderer, and what comes out of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from wasmhub.manifests.errors import InvalidOptionError
from wasmhub.oci import Digest, OciError, Repository, check_host, check_tag

CONFIG_MAX_BYTES: Final = 64 * 1024
PHASES: Final = ("AUTHN", "AUTHZ", "STATS", "UNSPECIFIED_PHASE")
_PORT_MAX: Final = 65535
_OBJECT_NAME_MAX_LENGTH: Final = 253
_LABEL: Final = r"[a-z0-9]++(?:-++[a-z0-9]++)*+"
_OBJECT_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*+")  # Kubernetes: RFC 1123 subdomain


@dataclass(frozen=True, slots=True)
class ModuleSource:
    """Say which release of which extension is deployed, and where it comes from."""

    origin: str
    """The hub's public origin, such as `https://hub.example`."""
    namespace: str
    name: str
    version: str
    manifest_digest: str
    """`sha256:` and the digest of the image manifest, never that of an index."""
    module_sha256: str
    """The hexadecimal sha256 of the `.wasm` file."""
    root_id: str
    public: bool
    """Whether anybody may download the module without a token."""
    contexts: tuple[str, ...] = ("http",)
    """What the module has callbacks for: `http`, `tcp`."""
    tag: str | None = None
    """The tag that `manifest_digest` is found by; None where it is found by itself only."""

    def __post_init__(self) -> None:
        _origin_parts(self.origin)
        check_text(self.root_id, "root id")
        try:
            Repository(self.namespace, self.name)
            check_tag(self.version)
            check_tag(self.tag or self.version)
            Digest("sha256", self.module_sha256)
            algorithm = Digest.parse(self.manifest_digest).algorithm
        except OciError as error:
            raise InvalidOptionError(str(error)) from error
        if algorithm != "sha256":
            raise InvalidOptionError("Proxies pin images by the manifest's sha256 digest only.")

    @property
    def title(self) -> str:
        """The release as people name it."""
        return f"{self.namespace}/{self.name} {self.version}"

    @property
    def image(self) -> str:
        """The image's reference: by tag, for people to read, where there is one."""
        repository = f"{_origin_parts(self.origin).netloc}/{self.namespace}/{self.name}"
        return (
            f"{repository}@{self.manifest_digest}"
            if self.tag is None
            else f"{repository}:{self.tag}"
        )

    @property
    def download_url(self) -> str:
        """The immutable address of the module's bytes."""
        origin = self.origin.removesuffix("/")
        return f"{origin}/download/{self.namespace}/{self.name}/{self.module_sha256}.wasm"

    @property
    def object_name(self) -> str:
        """The extension's name as Kubernetes writes names."""
        return self.name.replace("_", "-")


@dataclass(frozen=True, slots=True)
class Options:
    """Hold the user's choices; a target reads those that it knows."""

    config: str = ""
    """The plugin's configuration, passed on as it is."""
    plugin_name: str | None = None
    """The name of the rendered object or plugin; the extension's unless given."""
    filter_type: str | None = None
    """`http` or `network`; what the module has callbacks for unless given, `http` before `tcp`."""
    listen_port: int = 10000
    upstream: str | None = None
    """`host:port` that Envoy forwards to; without it Envoy answers itself."""
    phase: str = "AUTHN"
    kubernetes_namespace: str = "istio-system"
    pull_secret: str = "hub-pull"  # noqa: S105  the name of a Kubernetes object

    def __post_init__(self) -> None:
        check_text(self.config, "configuration")
        if len(self.config.encode()) > CONFIG_MAX_BYTES:
            raise InvalidOptionError("The configuration has at most 64 KiB.")
        if isinstance(self.listen_port, bool) or not 1 <= self.listen_port <= _PORT_MAX:
            raise InvalidOptionError("The port to listen on is a number from 1 to 65535.")
        if self.upstream is not None:
            Endpoint.parse(self.upstream)
        if self.phase not in PHASES:
            raise InvalidOptionError(f"The phase is one of {', '.join(PHASES)}.")
        if self.filter_type not in (None, "http", "network"):
            raise InvalidOptionError("The type of the filter is http or network.")
        for name in (self.plugin_name, self.kubernetes_namespace, self.pull_secret):
            if name is not None:
                _check_object_name(name)


def is_network_filter(source: ModuleSource, options: Options) -> bool:
    """Tell whether the module is deployed as a network (TCP) filter rather than an HTTP one."""
    if options.filter_type is not None:
        return options.filter_type == "network"
    return "tcp" in source.contexts and "http" not in source.contexts


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Name a host (without brackets) and a port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read `host:port`, or raise InvalidOptionError."""
        host, colon, port = text.rpartition(":")
        try:
            check_host(text)
        except OciError as error:
            raise InvalidOptionError(f"The upstream is host:port. {error}") from error
        if not colon or text.endswith("]"):
            raise InvalidOptionError("The upstream is host:port, such as 127.0.0.1:8080.")
        return cls(host.strip("[]"), int(port))

    @classmethod
    def of_origin(cls, origin: str) -> Endpoint:
        """Name the host and port of an http(s) origin."""
        parts = _origin_parts(origin)
        return cls(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))


@dataclass(frozen=True, slots=True)
class Manifest:
    """Hold a rendered manifest before it is text: comments first, then documents."""

    comments: tuple[str, ...]
    documents: tuple[Mapping[str, Any], ...]


Renderer = Callable[[ModuleSource, Options], Manifest]


def check_text(text: str, what: str) -> None:
    """Refuse what UTF-8 cannot carry, or raise InvalidOptionError."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidOptionError(f"The {what} has half a surrogate pair.") from None


def _origin_parts(origin: str) -> SplitResult:
    scheme, _, rest = origin.partition("://")
    try:
        check_host(rest.removesuffix("/"))
    except OciError as error:
        raise InvalidOptionError(f"The hub's origin is scheme://host. {error}") from error
    if scheme not in {"http", "https"}:
        raise InvalidOptionError("The hub's origin starts with http:// or https://.")
    return urlsplit(origin.removesuffix("/"))


def _check_object_name(name: str) -> None:
    if len(name) > _OBJECT_NAME_MAX_LENGTH or not _OBJECT_NAME.fullmatch(name):
        raise InvalidOptionError(
            "A name in Kubernetes has at most 253 lower-case letters, digits, hyphens and dots, "
            "and starts and ends with a letter or digit."
        )
