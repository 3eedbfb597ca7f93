"""Read images from a registry (OCI distribution-spec 1.1, and distribution's token protocol)."""

from __future__ import annotations

import base64
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import urlencode

from wasmhub.oci import media
from wasmhub.oci.checked import BLOB_MAX, DamagedError, keep_checked
from wasmhub.oci.digests import Digest, sha256_of
from wasmhub.oci.errors import (
    InvalidDigestError,
    InvalidManifestError,
    NotAllowedError,
    WebError,
)
from wasmhub.oci.manifest import MANIFEST_MAX_BYTES, parse_manifest
from wasmhub.oci.origins import TOKEN_PREFIX, Origin
from wasmhub.oci.web import Web

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.oci.manifest import ParsedManifest
    from wasmhub.oci.web import Answer

_ACCEPT: Final = ", ".join(sorted(media.IMAGE_MANIFESTS | media.INDEXES))
_PARAMETER: Final = re.compile(r'(\w+)="([^"]*)"')
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_UNAUTHORIZED: Final = 401


@dataclass(frozen=True, slots=True)
class Pulled:
    """A manifest as the registry sent it; its digest is computed from the bytes."""

    content: bytes
    parsed: ParsedManifest
    digest: Digest


class RegistryRepository:
    """
    One repository of one registry.

    ``token``, an access token or a password, goes to the registry's own origin only; for tokens of
    another server the registry is asked as nobody.
    """

    def __init__(
        self, origin: Origin, name: str, *, token: str = "", web: Web | None = None
    ) -> None:
        self.origin = origin
        self.name = name
        self._web = web or Web()
        self._secret = token
        self._authorization = ""
        self._manifests: set[Digest] = set()

    def pull(self, reference: str) -> Pulled:
        """
        Return the manifest that a tag or a digest names.

        :raises WebError: it cannot be had, or is not the one that the digest names
        """
        what = f"{self.name}{'@' if ':' in reference else ':'}{reference}"
        with self._get(f"manifests/{reference}", what) as answer:
            content = answer.read(MANIFEST_MAX_BYTES)
            content_type, told = (
                answer.header("Content-Type"),
                answer.header("Docker-Content-Digest"),
            )
        digest = _digest_of(content, reference if ":" in reference else told)
        if digest is None:
            raise WebError(
                f"{self.origin} sends another manifest than {reference}: do not trust it."
            )
        try:
            parsed = parse_manifest(content, content_type)
        except InvalidManifestError as error:
            raise WebError(f"{self.origin} sends no manifest for {what}: {error}") from error
        self._manifests |= {child.digest for child in parsed.manifests}
        return Pulled(content, parsed, digest)

    def open_blob(self, digest: Digest) -> BinaryIO:
        """
        Return a blob, or an index's child, whose bytes are the ones that the digest names.

        :raises WebError: it cannot be had, or they are not
        """
        kind = "manifests" if digest in self._manifests else "blobs"
        with self._get(f"{kind}/{digest}", f"blob {digest}") as answer:
            try:
                return keep_checked(digest, answer.chunks(BLOB_MAX))
            except DamagedError as error:
                raise WebError(f"{self.origin} sends wrong bytes. {error}") from error

    @contextmanager
    def _get(self, path: str, what: str) -> Iterator[Answer]:
        url = f"{self.origin}/v2/{self.name}/{path}"
        for is_last in (bool(self._authorization), True):
            with self._web.get(url, accept=_ACCEPT, authorization=self._authorization) as answer:
                if answer.status != _UNAUTHORIZED or is_last or answer.origin != self.origin:
                    answer.expect_ok(what)
                    yield answer
                    return
                challenge = answer.header("WWW-Authenticate")
            self._authorization = self._satisfy(challenge)

    def _satisfy(self, challenge: str) -> str:
        """Return the header that a 401 asks for."""
        scheme, _, rest = challenge.strip().partition(" ")
        if scheme.lower() == "bearer":
            return self._bearer(dict(_PARAMETER.findall(rest)))
        if scheme.lower() == "basic" and self._secret:
            return self._credentials()
        raise NotAllowedError(
            f"{self.origin} asks who you are: set WASMHUB_TOKEN, and name a hub by --hub."
        )

    def _bearer(self, challenge: dict[str, str]) -> str:
        realm = challenge.get("realm", "")
        origin = Origin.of(realm)
        if origin is None or (origin.scheme == "http" and origin != self.origin):
            raise WebError(f"{self.origin} names no safe place to get a token from.")
        scope = f"repository:{self.name}:pull"
        query = urlencode({"service": challenge.get("service", ""), "scope": scope})
        url = f"{realm}{'&' if '?' in realm else '?'}{query}"
        authorization = self._credentials() if self._secret and origin == self.origin else ""
        with self._web.get(url, authorization=authorization) as answer:
            if answer.status == _UNAUTHORIZED and authorization:
                raise NotAllowedError(f"{origin} does not take this WASMHUB_TOKEN: is it over?")
            answer.expect_ok(f"token for {self.name}")
            document = answer.document()
        token = (
            document.get("token") or document.get("access_token")
            if isinstance(document, dict)
            else None
        )
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise WebError(f"{origin} answers with what is no token.")
        return f"Bearer {token}"

    def _credentials(self) -> str:
        """Return the secret as a hub takes it, or else as a password of nobody in particular."""
        if self._secret.startswith(TOKEN_PREFIX):
            return f"Bearer {self._secret}"
        return "Basic " + base64.b64encode(f"wasmhub:{self._secret}".encode()).decode()


def _digest_of(content: bytes, expected: str) -> Digest | None:
    """Return the digest of a manifest; None when another one was expected."""
    if not expected:
        return sha256_of(content)
    try:
        digest = Digest.parse(expected)
    except InvalidDigestError:
        return None
    return digest if digest.matches(content) else None
