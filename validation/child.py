"""
The child process that touches hostile bytes. Run as ``python -I child.py PACKING FD LIMIT``.

It has no database, no secrets and no network client: the layer comes as standard input, the
unpacked module goes to the file descriptor, one JSON document goes to standard output.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from wasmhub.oci.images import Packing

CPU_SECONDS = 20
# wasmtime needs address space beyond the module's own 256 MiB; a failed allocation aborts it.
MEMORY_BYTES = 1536 * 1024 * 1024
SPARE_FILE_BYTES = 64 * 1024 * 1024


def main(packing: Packing, descriptor: int, limit: int) -> None:
    """Limit this process first, then unpack and analyse."""
    _limit(limit)
    from wasmhub import oci  # noqa: PLC0415 - imported late on purpose

    with os.fdopen(descriptor, "w+b") as module:
        try:
            found = oci.extract_module(sys.stdin.buffer, packing, limit)
        except oci.ImageError as error:
            document = _refusal(error.id, str(error), absent=isinstance(error, oci.NoModuleError))
        else:
            module.write(found.data)
            document = _analyse(found.data, found.runtime_config)
    json.dump(document, sys.stdout)


def _limit(limit: int) -> None:
    file_bytes = limit + SPARE_FILE_BYTES
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
    main(cast("Packing", sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
