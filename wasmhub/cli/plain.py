"""Strangers' text, fit for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""
    Write what cannot be seen as ``\u{1b}``: it could command the terminal, or deceive readers.

    Facts write strangers' names so, too.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else f"\\u{{{ord(each):x}}}" for each in text)
