"""Whether the module tells where it was built."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.findings import Severity, shown
from wasmhub.proxywasm.subject import Statement, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.subject import Subject

_HOME: Final = re.compile(rb"/(?:home|Users)/[A-Za-z0-9._-]{1,40}/[A-Za-z0-9._/-]{0,40}")


@check("wasm/build-paths", Severity.NOTE)
def build_paths(subject: Subject) -> Iterator[Statement]:
    """Note folders of the people who built it."""
    found = _HOME.search(subject.data)
    if found is not None:
        yield Statement(
            "The module holds paths of the machine that built it, such as "
            f"{shown(found[0].decode())}. They tell names of people and projects. Build in a "
            "folder without names, or with --remap-path-prefix, -trimpath or -ffile-prefix-map.",
        )
