"""
The child process that touches hostile bytes, by one of two commands.

``python -I child.py read PACKING FD LIMIT`` unpacks the layer on standard input, writes the module
to the file descriptor, and says what it is. ``python -I child.py try CACHE`` runs the trial on
standard input, as `wasmhub.proxywasm.asking` writes it.

It has no database, no secrets and no network client; one JSON document goes to standard output.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from wasmhub.oci.images import Packing

CPU_SECONDS = 20
# wasmtime needs address space beyond the module's own 256 MiB; a failed allocation aborts it.
MEMORY_BYTES = 1536 * 1024 * 1024
SPARE_FILE_BYTES = 64 * 1024 * 1024


def read(packing: Packing, descriptor: int, limit: int) -> dict[str, object]:
    """Unpack a layer's module, and analyse it."""
    _limit(limit + SPARE_FILE_BYTES)
    from wasmhub import oci  # noqa: PLC0415 - imported late on purpose

    with os.fdopen(descriptor, "w+b") as module:
        try:
            found = oci.extract_module(sys.stdin.buffer, packing, limit)
        except oci.ImageError as error:
            return _refusal(error.id, str(error), absent=isinstance(error, oci.NoModuleError))
        module.write(found.data)
    return _analyse(found.data, found.runtime_config)


def try_modules(cache: str) -> dict[str, object]:
    """Run a trial of the first module, with the others behind it."""
    _limit(SPARE_FILE_BYTES)
    from wasmhub.proxywasm.host import CompiledCache  # noqa: PLC0415 - imported late on purpose
    from wasmhub.proxywasm.host.answering import answer  # noqa: PLC0415 - imported late on purpose

    return answer(sys.stdin.buffer, CompiledCache(Path(cache))) or sys.exit()


def _limit(file_bytes: int) -> None:
    """Limit this process, before anything hostile is looked at."""
    for which, value in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        resource.setrlimit(which, (value, value))


def _refusal(finding_id: str, message: str, *, absent: bool) -> dict[str, object]:
    return {"image_error": {"id": finding_id, "message": message, "absent": absent}}


def _analyse(data: bytes, runtime_config: bytes | None) -> dict[str, object]:
    from wasmhub.proxywasm import analyse  # noqa: PLC0415 - imported late on purpose

    return analyse(data, runtime_config).as_json()


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "read":
        packing, descriptor, limit = arguments
        document = read(cast("Packing", packing), int(descriptor), int(limit))
    else:
        document = try_modules(*arguments)
    json.dump(document, sys.stdout)
