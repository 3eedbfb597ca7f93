"""What can be wrong with names, digests, versions, manifests and images."""

from __future__ import annotations


class OciError(ValueError):
    """Base of every refusal of this package; its text is a sentence for the user."""


class InvalidNameError(OciError):
    """A namespace, an extension name, a tag or a reference breaks its grammar."""


class InvalidDigestError(OciError):
    """A digest is not a known algorithm with its hexadecimal value."""


class InvalidVersionError(OciError):
    """A tag is no release version."""


class InvalidManifestError(OciError):
    """A manifest is malformed or could be read in two ways."""


class ImageError(OciError):
    """
    An image does not carry one module that every proxy reads the same way.

    `id` is the finding's id, such as `image/ambiguous`; the text says what to do.
    """

    def __init__(self, finding_id: str, message: str) -> None:
        super().__init__(message)
        self.id = finding_id


class NoModuleError(ImageError):
    """An archive holds no Wasm file at all: perhaps it was never meant as a proxy's plugin."""


class WebError(Exception):
    """The network or the server failed; the text is a sentence for the user."""


class NotAllowedError(WebError):
    """The server wants to know who asks, or does not let them."""


class NotThereError(WebError):
    """There is no such thing, or nobody may know of it."""
