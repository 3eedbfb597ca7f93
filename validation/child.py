"""
The child process that touches hostile bytes. Run as ``python -I child.py PACKING FD LIMIT``.

It has no database, no secrets and no network client: the layer comes as standard input, the
unpacked module goes to the file descriptor, one JSON document goes to standard output.
"""

from __future__ import annotations

import json
import mmap
import os
import resource
import sys
from typing import BinaryIO

CPU_SECONDS = 20
# wasmtime needs address space beyond the module's own 256 MiB; a failed allocation aborts it.
MEMORY_BYTES = 1536 * 1024 * 1024
SPARE_FILE_BYTES = 64 * 1024 * 1024


def main(packing: str, descriptor: int, limit: int) -> None:
    """Limit this process first, then unpack and analyse."""
    _limit(limit)
    from wasmhub import oci  # noqa: PLC0415 - nothing is imported before the limits hold

    with os.fdopen(descriptor, "w+b") as module:
        try:
            runtime_config = _unpack(sys.stdin.buffer, module, packing, limit)
        except oci.ImageError as error:
            document: dict[str, object] = {
                "image_error": {"id": error.id, "message": str(error)}
            }
        else:
            document = _analyse(module, runtime_config)
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


def _unpack(layer: BinaryIO, module: BinaryIO, packing: str, limit: int) -> bytes | None:
    """Write the module that a proxy would run, and return the image's runtime-config.json."""
    from wasmhub import oci  # noqa: PLC0415 - after the limits

    extracted = oci.extract_module(layer, packing, module, limit=limit)
    module.flush()
    return extracted.runtime_config


def _analyse(module: BinaryIO, runtime_config: bytes | None) -> dict[str, object]:
    from wasmhub.proxywasm import analyse  # noqa: PLC0415 - after the limits

    if os.fstat(module.fileno()).st_size == 0:
        return analyse(b"", runtime_config).as_json()
    with mmap.mmap(module.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return analyse(data, runtime_config).as_json()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
