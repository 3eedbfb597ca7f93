"""Refusals in the registry's own words: one table from our errors to OCI's codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from core.content import ContentBusyError, ContentError, DigestMismatchError
from core.disk import NoRoomError
from core.errors import (
    ConflictError,
    CredentialsError,
    HubError,
    NameInvalidError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
    TooLargeError,
    TooSlowError,
)
from wasmhub.oci import InvalidDigestError, InvalidNameError, OciError

if TYPE_CHECKING:
    from collections.abc import Mapping


class ChallengeError(NotSignedInError):
    """The client has to get a token first; ``challenge`` says where and for what."""

    def __init__(self, message: str, challenge: str) -> None:
        super().__init__(message)
        self.challenge = challenge


class BlobUnknownError(NotFoundError):
    """The repository has no such blob, or not for this actor."""


class ManifestUnknownError(NotFoundError):
    """The repository has no such manifest, or not for this actor."""


class UploadUnknownError(NotFoundError):
    """There is no such upload of this actor in this repository."""


class ManifestBlobUnknownError(NotFoundError):
    """A manifest names content that the repository does not hold."""


class UploadInvalidError(HubError):
    """A chunk does not say plainly where it belongs."""


class SizeInvalidError(HubError):
    """A size that was stated is not the size of what came."""


class OutOfOrderError(HubError):
    """A chunk does not begin where the upload stands; ``headers`` tell where that is."""

    status = 416

    def __init__(self, message: str, headers: Mapping[str, str]) -> None:
        super().__init__(message)
        self.headers = headers


class RangeError(HubError):
    """The content, of ``size`` bytes, does not have the range that is asked for."""

    status = 416

    def __init__(self, size: int) -> None:
        super().__init__(f"The content has {size} bytes.")
        self.headers = {"Content-Range": f"bytes */{size}"}


class UnsupportedError(HubError):
    """The registry does not do this."""

    status = 405


# The first class of an error's family that stands here decides (spec 1.1, Error Codes).
TABLE: Mapping[type[Exception], tuple[int, str]] = {
    NameInvalidError: (400, "NAME_INVALID"),
    InvalidNameError: (400, "NAME_INVALID"),
    InvalidDigestError: (400, "DIGEST_INVALID"),
    DigestMismatchError: (400, "DIGEST_INVALID"),
    OciError: (400, "MANIFEST_INVALID"),
    UploadInvalidError: (400, "BLOB_UPLOAD_INVALID"),
    SizeInvalidError: (400, "SIZE_INVALID"),
    NotSignedInError: (401, "UNAUTHORIZED"),
    CredentialsError: (401, "UNAUTHORIZED"),
    NotAllowedError: (403, "DENIED"),
    # A tag that may not move is a rule of the repository, not a race to try again.
    ConflictError: (403, "DENIED"),
    BlobUnknownError: (404, "BLOB_UNKNOWN"),
    ManifestUnknownError: (404, "MANIFEST_UNKNOWN"),
    UploadUnknownError: (404, "BLOB_UPLOAD_UNKNOWN"),
    ManifestBlobUnknownError: (404, "MANIFEST_BLOB_UNKNOWN"),
    NotFoundError: (404, "NAME_UNKNOWN"),
    UnsupportedError: (405, "UNSUPPORTED"),
    TooSlowError: (408, "BLOB_UPLOAD_INVALID"),
    TooLargeError: (413, "SIZE_INVALID"),
    OutOfOrderError: (416, "BLOB_UPLOAD_INVALID"),
    RangeError: (416, "SIZE_INVALID"),
    ContentError: (500, "UNKNOWN"),
    ContentBusyError: (503, "UNKNOWN"),
    NoRoomError: (507, "UNKNOWN"),
    HubError: (400, "UNSUPPORTED"),
}


def status_and_code(error: Exception) -> tuple[int, str]:
    """Return the HTTP status and OCI's code for one of our errors."""
    return next(TABLE[family] for family in type(error).__mro__ if family in TABLE)


def answer(error: HubError | OciError) -> JSONResponse:
    """Answer with OCI's error document."""
    status, code = status_and_code(error)
    detail = {key: str(value) for key, value in getattr(error, "detail", {}).items()}
    headers = dict(getattr(error, "headers", {}))
    if isinstance(error, ChallengeError):
        headers["WWW-Authenticate"] = error.challenge
    if isinstance(error, TooLargeError | TooSlowError):
        headers["Connection"] = "close"  # the rest of the body is not worth reading
    return document(status, code, str(error), detail, headers)


def document(
    status: int,
    code: str,
    message: str,
    detail: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Make OCI's error document (spec 1.1, Error Codes)."""
    error = {"code": code, "message": message, "detail": detail or None}
    return JSONResponse({"errors": [error]}, status_code=status, headers=headers)
