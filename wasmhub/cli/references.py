"""Tell what an argument names: a file, an image on the hub, or one on any registry."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wasmhub.cli.errors import UsageError
from wasmhub.oci import Digest, OciError, Reference, check_host, check_tag
from wasmhub.oci.origins import TOKEN_PREFIX, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

STDIN: Final = "-"
_OCI: Final = "oci://"
_FILES: Final = (".wasm", ".tar")
_HUB: Final = re.compile(r"https?://[^/?#@]+/?")
_PATHS: Final = ("/", "./", "../", "~")
# distribution-spec 1.1: any number of segments, while a hub's names have two.
_PART: Final = r"[a-z0-9]++(?:(?:\.|__?|-++)[a-z0-9]++)*+"
_NAME: Final = re.compile(rf"{_PART}(?:/{_PART})*+")
_NAME_MAX: Final = 255
_HOSTS: Final = {"docker.io": "registry-1.docker.io"}


@dataclass(frozen=True, slots=True)
class Place:
    """
    The hub that was named, if any, and the user's access token.

    ``opened`` has what blobs are read from until the command ends.
    """

    hub: Origin | None = None
    token: str = ""
    opened: ExitStack = field(default_factory=ExitStack, compare=False)

    def token_for(self, origin: Origin) -> str:
        """
        Return the token if it is for whoever is asked there.

        A hub's token goes to the hub that was named: references are written by others, too.
        """
        is_anybodys = self.hub is None and not self.token.startswith(TOKEN_PREFIX)
        return self.token if is_anybodys or origin == self.hub else ""

    @classmethod
    def of(cls, hub: str, environment: Mapping[str, str]) -> Place:
        """Read ``--hub``, or else WASMHUB_URL, and WASMHUB_TOKEN."""
        url = hub or environment.get("WASMHUB_URL", "")
        token = environment.get("WASMHUB_TOKEN", "").strip()
        if not token.isascii() or not token.isprintable():
            raise UsageError("WASMHUB_TOKEN is no access token: make one in the hub's settings.")
        if not url:
            return cls(None, token)
        origin = Origin.of(url)
        if origin is None or not _HUB.fullmatch(url):
            raise UsageError("The hub's address is like https://hub.example.com: see --hub.")
        return cls(origin, token)


@dataclass(frozen=True, slots=True)
class OnRegistry:
    """An image on a registry: ``reference`` is a tag or a digest."""

    origin: Origin
    name: str
    reference: str
    token: str


@dataclass(frozen=True, slots=True)
class OnHub:
    """An image on a hub."""

    origin: Origin
    reference: Reference

    @property
    def wanted(self) -> str:
        """Return what a registry is asked for: the digest, or else the tag."""
        return str(self.reference.digest or self.reference.tag or "latest")


def read_argument(argument: str, place: Place) -> Path | OnHub | OnRegistry:
    """
    Return what an argument names; standard input is the path ``-``.

    What looks like a path is one. What else exists here is a file, too, unless a hub is named that
    could have it: then nobody guesses.
    """
    if argument.startswith(_OCI):
        return _on_registry(argument.removeprefix(_OCI), place)
    path = Path(argument)
    if argument == STDIN or argument.startswith(_PATHS) or argument.endswith(_FILES):
        return path
    if re.match(r"[a-z]+://", argument):
        raise UsageError("Name a file, namespace/name:version on a hub, or oci://host/name:tag.")
    try:
        reference = Reference.parse(argument)
    except OciError as error:
        if "/" in argument and not path.exists():
            raise UsageError(
                f"“{argument}” is no file, and no reference either: {error}"
            ) from error
        return path
    if not path.exists():
        return _on_hub(reference, place)
    if place.hub is not None:
        raise UsageError(
            f"“{argument}” is here, and could be on the hub as well: write ./{argument} for what "
            f"is here, or oci://{place.hub.host}:{place.hub.port}/{argument} for the hub."
        )
    return path


def _on_hub(reference: Reference, place: Place) -> OnHub:
    if reference.host is None:
        if place.hub is None:
            raise UsageError(
                f"There is no file “{reference}”. To look for it on a hub, name the hub with "
                "--hub URL or WASMHUB_URL."
            )
        return OnHub(place.hub, reference)
    origin = _origin(reference.host, place)
    if place.hub is not None and origin != place.hub:
        raise UsageError(
            f"The reference names {reference.host}, and the hub is {place.hub}: leave one of them "
            "out, or write oci:// before the reference."
        )
    return OnHub(origin, reference)


def _on_registry(text: str, place: Place) -> OnRegistry:
    host, _, rest = text.partition("/")
    path, at, digest = rest.partition("@")
    name, colon, tag = path.partition(":")
    try:
        check_host(host)
        wanted = str(Digest.parse(digest)) if at else check_tag(tag if colon else "latest")
    except OciError as error:
        raise UsageError(f"“{_OCI}{text}” is no reference: {error}") from error
    if len(name) > _NAME_MAX or not _NAME.fullmatch(name):
        raise UsageError(f"“{_OCI}{text}” is no reference: it is like {_OCI}host/name:tag.")
    origin = _origin(_HOSTS.get(host, host), place)
    return OnRegistry(origin, name, wanted, place.token_for(origin))


def _origin(host: str, place: Place) -> Origin:
    """Return where a host is asked: with TLS, unless it is this machine or the hub says else."""
    for scheme in ("https", "http"):
        found = Origin.of(f"{scheme}://{host}")
        if found is not None and (found == place.hub or (scheme == "http" and found.is_loopback)):
            return found
    found = Origin.of(f"https://{host}")
    if found is None:
        raise UsageError(f"“{host}” is no host.")
    return found
