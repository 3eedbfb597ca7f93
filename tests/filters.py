"""Filters for the tests: real ones from examples/, and broken ones."""

from __future__ import annotations

import secrets
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

TEXT = b"This is a text, not a module.\n" * 40
COMPONENT = b"\0asm\x0d\0\x01\0"


def example(path: str, version: str) -> bytes:
    """Return the built module of an example's release, such as ``ada/hello`` ``1.0.0``."""
    return (EXAMPLES / path / "dist" / f"{version}.wasm").read_bytes()


def hello() -> bytes:
    """Return the smallest example with a custom section that makes its digest its own."""
    return with_custom_section(example("ada/hello", "1.0.0"), "test", secrets.token_bytes(8))


def with_custom_section(module: bytes, name: str, content: bytes) -> bytes:
    """Append a custom section (core spec, binary format, section id 0)."""
    body = bytes([len(name)]) + name.encode() + content
    size, leb = len(body), b""
    while size >= 0x80:
        leb += bytes([size & 0x7F | 0x80])
        size >>= 7
    return module + b"\0" + leb + bytes([size]) + body


def without_marker() -> bytes:
    """Return a valid module that exports nothing."""
    return b"\0asm\x01\0\0\0"


def truncated() -> bytes:
    """Return the first half of a good module."""
    module = example("ada/hello", "1.0.0")
    return module[: len(module) // 2]
