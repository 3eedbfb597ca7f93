"""
Names of extensions, tags and whole references (OCI distribution-spec 1.1, Pulling manifests).

Possessive quantifiers keep every pattern linear; lengths are checked before patterns.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from wasmhub.oci.digests import Digest
from wasmhub.oci.errors import InvalidNameError

NAMESPACE_MAX_LENGTH: Final = 77  # 39 letters and digits with 38 hyphens between them
NAME_MAX_LENGTH: Final = 100
TAG_MAX_LENGTH: Final = 128
_HOST_MAX_LENGTH: Final = 253
_PORT_MAX: Final = 65535

_NAMESPACE: Final = re.compile(r"[a-z0-9](?:-?[a-z0-9]){1,38}+")
_NAME: Final = re.compile(r"[a-z0-9]++(?:(?:\.|__?|-++)[a-z0-9]++)*+")
_TAG: Final = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}+")
_DOMAIN: Final = re.compile(
    r"[a-zA-Z0-9]++(?:-++[a-zA-Z0-9]++)*+(?:\.[a-zA-Z0-9]++(?:-++[a-zA-Z0-9]++)*+)*+"
)
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_PAGE_SUFFIXES: Final = (".atom", ".svg")  # the portal's feeds and badges end like this


def check_namespace(text: str) -> str:
    """Return a user's or an organization's name unchanged, or raise InvalidNameError."""
    if len(text) > NAMESPACE_MAX_LENGTH or not _NAMESPACE.fullmatch(text):
        raise InvalidNameError(
            "A namespace has 2 to 39 lower-case letters and digits, "
            "with single hyphens between them only."
        )
    return text


def check_name(text: str) -> str:
    """Return an extension's name unchanged, or raise InvalidNameError."""
    if len(text) > NAME_MAX_LENGTH or not _NAME.fullmatch(text):
        raise InvalidNameError(
            f"An extension name has at most {NAME_MAX_LENGTH} characters: lower-case letters "
            "and digits, parted by a dot, one or two underscores, or hyphens."
        )
    if text.endswith(_PAGE_SUFFIXES):
        raise InvalidNameError("An extension name may not end in .atom or .svg.")
    return text


def check_tag(text: str) -> str:
    """Return a tag unchanged, or raise InvalidNameError."""
    if len(text) > TAG_MAX_LENGTH or not _TAG.fullmatch(text):
        raise InvalidNameError(
            f"A tag has 1 to {TAG_MAX_LENGTH} letters, digits, dots, underscores and hyphens, "
            "and starts with no dot or hyphen."
        )
    return text


@dataclass(frozen=True, slots=True, order=True)
class Repository:
    """Name an extension, `<namespace>/<name>`; an existing Repository is always well-formed."""

    namespace: str
    name: str

    def __post_init__(self) -> None:
        check_namespace(self.namespace)
        check_name(self.name)

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Repository:
        """Read exactly two segments, or raise InvalidNameError."""
        namespace, slash, name = text.partition("/")
        if not slash or "/" in name:
            raise InvalidNameError(
                "A repository name has exactly two segments, <namespace>/<extension>."
            )
        return cls(namespace, name)


@dataclass(frozen=True, slots=True)
class Reference:
    """Point at an image: `[host[:port]/]<namespace>/<name>[:tag][@digest]`."""

    repository: Repository
    host: str | None = None
    tag: str | None = None
    digest: Digest | None = None

    def __post_init__(self) -> None:
        if self.host is not None:
            check_host(self.host)
        if self.tag is not None:
            check_tag(self.tag)

    def __str__(self) -> str:
        host = f"{self.host}/" if self.host is not None else ""
        tag = f":{self.tag}" if self.tag is not None else ""
        digest = f"@{self.digest}" if self.digest is not None else ""
        return f"{host}{self.repository}{tag}{digest}"

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a reference, or raise InvalidNameError or InvalidDigestError."""
        rest, at, digest = text.partition("@")
        # Two segments name an extension, so whatever stands before them is the host.
        host, slash, path = rest.partition("/")
        if "/" not in path:
            host, slash, path = "", "", rest
        name, colon, tag = path.partition(":")
        return cls(
            repository=Repository.parse(name),
            host=host if slash else None,
            tag=tag if colon else None,
            digest=Digest.parse(digest) if at else None,
        )


def check_host(text: str) -> str:
    """Return `host` or `host:port` unchanged, or raise InvalidNameError."""
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, "443"
    valid_port = _PORT.fullmatch(port) and int(port) <= _PORT_MAX
    if not valid_port or not (_is_domain(host) or _is_bracketed_ipv6(host)):
        raise InvalidNameError(
            "A host is a DNS name or an IP address, with or without :port; IPv6 stands in brackets."
        )
    return text


def _is_domain(host: str) -> bool:
    return len(host) <= _HOST_MAX_LENGTH and _DOMAIN.fullmatch(host) is not None


def _is_bracketed_ipv6(host: str) -> bool:
    if not (host.startswith("[") and host.endswith("]")) or "%" in host:
        return False
    try:
        ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        return False
    return True
