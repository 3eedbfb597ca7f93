"""
The child process that touches hostile bytes, by one of three commands.

``python -I child.py read ANSWER PACKING FD LIMIT CONFIG`` unpacks the layer on standard input,
writes the module to the file descriptor, and says what it is; CONFIG is what the image itself says
of it, in base64. ``python -I child.py try ANSWER CACHE`` runs the trial on standard input, as
`wasmhub.proxywasm.asking` writes it. ``python -I child.py isolation ANSWER`` says what was taken
from it.

It has no environment, no database, no secrets, and before it looks at a hostile byte it gives up
network and files. One JSON document goes to the file descriptor ANSWER; nobody reads the outputs,
but the end of what is written there is logged when the child fails.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import sys
import sysconfig
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

# An isolated process does not find our packages by itself.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from validation import isolation

if TYPE_CHECKING:
    from wasmhub.oci.images import Packing

CPU_SECONDS = 20
# wasmtime needs address space beyond the module's own 256 MiB; a failed allocation aborts it.
MEMORY_BYTES = 1536 * 1024 * 1024
SPARE_FILE_BYTES = 64 * 1024 * 1024
OPEN_FILES = 32
# What the child may say: facts are long when a module imports and exports a lot, but not this long.
ANSWER_BYTES = 32 * 1024 * 1024
# The only files that stay readable: packages are imported, and their data read, when needed.
PACKAGES = (
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    str(Path(__file__).resolve().parents[1] / "wasmhub"),
)
# How it ends when memory or the answer is used up; other ends that are no signals are our fault.
OUT_OF_MEMORY, TOO_LONG = 90, 91


def read(packing: Packing, descriptor: int, limit: int, said: bytes) -> dict[str, object]:
    """Unpack a layer's module, and analyse it."""
    from wasmhub import oci  # noqa: PLC0415 - imported late on purpose
    from wasmhub.proxywasm import analyse  # noqa: PLC0415

    _confine(limit + SPARE_FILE_BYTES)
    isolation.die_with_parent()
    with os.fdopen(descriptor, "w+b") as module:
        try:
            found = oci.extract_module(sys.stdin.buffer, packing, limit)
        except oci.ImageError as error:
            return _refusal(error.id, str(error), absent=isinstance(error, oci.NoModuleError))
        module.write(found.data)
    return {
        **analyse(found.data, found.runtime_config or said or None).as_json(),
        "diff_id": found.diff_id and str(found.diff_id),
        "runtime_config": base64.b64encode(found.runtime_config or b"").decode(),
    }


def try_modules(cache: str) -> dict[str, object]:
    """Run a trial of the first module, with the others behind it."""
    from wasmhub.proxywasm.host import CompiledCache  # noqa: PLC0415 - imported late on purpose
    from wasmhub.proxywasm.host.answering import answer  # noqa: PLC0415 - imported late on purpose

    with suppress(OSError):
        Path(cache).mkdir(exist_ok=True)  # without it nothing is kept, and all works
    compiled = CompiledCache(Path(cache))
    _confine(SPARE_FILE_BYTES, writable=cache)
    return answer(sys.stdin.buffer, compiled) or sys.exit()


def _confine(file_bytes: int, *, writable: str = "") -> tuple[str, ...]:
    """Limit and isolate this process, before anything hostile is looked at."""
    isolation.limit(
        (
            (resource.RLIMIT_CPU, CPU_SECONDS),
            (resource.RLIMIT_AS, MEMORY_BYTES),
            (resource.RLIMIT_FSIZE, file_bytes),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_NOFILE, OPEN_FILES),
        )
    )
    files: dict[str | int, int] = dict.fromkeys(PACKAGES, isolation.READING)
    if writable:
        files[writable] = isolation.WRITING
    return isolation.isolate(files)


def _refusal(finding_id: str, message: str, *, absent: bool) -> dict[str, object]:
    return {"image_error": {"id": finding_id, "message": message, "absent": absent}}


def _obey(command: str, *arguments: str) -> dict[str, object]:
    if command == "read":
        packing, descriptor, limit, said = arguments
        return read(cast("Packing", packing), int(descriptor), int(limit), base64.b64decode(said))
    if command == "try":
        return try_modules(*arguments)
    return {"taken": _confine(SPARE_FILE_BYTES)}


def main(command: str, answer: str, *arguments: str) -> None:
    """Do what the command says, and write down what came of it."""
    try:
        said = json.dumps(_obey(command, *arguments)).encode()
    except MemoryError:
        os._exit(OUT_OF_MEMORY)  # without a word, which would take memory
    if len(said) > ANSWER_BYTES:
        os._exit(TOO_LONG)
    with os.fdopen(int(answer), "wb") as file:
        file.write(said)


if __name__ == "__main__":
    main(*sys.argv[1:])
