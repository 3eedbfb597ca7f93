"""What the engine in proxies takes: measured with the V8 of Envoy 1.36 to 1.40."""

from __future__ import annotations

from typing import Final

MEBIBYTE: Final = 1024 * 1024
MEMORY_BYTES: Final = 1024 * MEBIBYTE
TABLE_ELEMENTS: Final = 10_000_000
_INDEX_END: Final = 2**32 - 1  # of arrays


def is_index(name: str) -> bool:
    """Tell whether V8 takes a name for the index of an array, which ends Envoy in an export."""
    is_number = name.isascii() and name.isdigit() and (name == "0" or name[0] != "0")
    return is_number and len(name) <= len(str(_INDEX_END)) and int(name) < _INDEX_END
