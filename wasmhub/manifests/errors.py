"""Why a deploy manifest cannot be rendered."""

from __future__ import annotations


class RenderError(ValueError):
    """Base of every refusal of this package; its text is a sentence for the user."""


class UnknownTargetError(RenderError):
    """No renderer has this name; the text lists those that exist."""


class InvalidOptionError(RenderError):
    """A value breaks its rule."""
