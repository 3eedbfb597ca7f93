"""Every expected failure: a stable code, a status and a sentence for whoever must act."""

from __future__ import annotations

from typing import ClassVar


class HubError(Exception):
    """
    Base of every expected failure.

    ``code`` names it for machines (``/docs/errors/<code>``), ``status`` is its HTTP status,
    ``message`` one plain sentence that says what to do, ``detail`` more facts for machines.
    """

    code: ClassVar[str] = "invalid"
    status: ClassVar[int] = 400

    def __init__(self, message: str, **detail: object) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class InvalidError(HubError):
    """The input breaks a rule that the message states."""


class NameInvalidError(HubError):
    """A name is outside the grammar or reserved."""

    code = "name-invalid"


class NotSignedInError(HubError):
    """Nobody in particular is asking, and somebody in particular is needed."""

    code = "not-signed-in"
    status = 401


class CredentialsError(HubError):
    """The credentials that came along are wrong, expired or revoked."""

    code = "credentials-invalid"
    status = 401


class NotAllowedError(HubError):
    """The actor may see the thing, but not do this to it."""

    code = "not-allowed"
    status = 403


class NotFoundError(HubError):
    """The thing is absent, or the actor may not know that it exists."""

    code = "not-found"
    status = 404


class ConflictError(HubError):
    """Something else already holds the place."""

    code = "conflict"
    status = 409


class VersionExistsError(ConflictError):
    """The version is taken by other bytes."""

    code = "version-exists"


class NameTakenError(ConflictError):
    """The name belongs to somebody."""

    code = "name-taken"


class TooLargeError(HubError):
    """The body is over the limit."""

    code = "too-large"
    status = 413


class TooSlowError(HubError):
    """Nothing of the body arrived for so long that the client must be gone."""

    code = "too-slow"
    status = 408
