"""Strangers' names, made fit to be stored and shown."""

from __future__ import annotations

from typing import Final

NAME_LENGTH: Final = 1_000  # in characters; longer than what compilers mangle


def escaped(text: str) -> str:
    r"""
    Write what cannot be seen as the text format does, ``\u{0}``, and cut what nobody reads.

    PostgreSQL's jsonb refuses NUL and lone surrogates, and marks of direction deceive readers.
    """
    kept = text if len(text) <= NAME_LENGTH else text[:NAME_LENGTH] + "…"
    if kept.isprintable():
        return kept
    return "".join(each if each.isprintable() else f"\\u{{{ord(each):x}}}" for each in kept)
