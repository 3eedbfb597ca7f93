"""
The checks: one file each, found by being in this folder.

To add one: write a file with a function that says what it finds in a subject, under ``@check``;
give it a page at ``docs/findings/<id>.md`` and two samples in ``tests/wasmhub/proxywasm/``, one
that has the finding and one that has not; raise ``RULE_SET``.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.subject import Check

if TYPE_CHECKING:
    from collections.abc import Iterator


def _found() -> Iterator[Check]:
    for file in iter_modules(__path__):
        module = import_module(f"{__name__}.{file.name}")
        yield from (each for each in vars(module).values() if isinstance(each, Check))


CHECKS: Final = tuple(sorted(_found(), key=lambda each: each.id))
IDS: Final = tuple(each.id for each in CHECKS)
