"""Run the reader of hostile bytes in a child process with hard limits."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings

from wasmhub.oci import Digest, ImageError, NoModuleError
from wasmhub.proxywasm import Finding, Severity

if TYPE_CHECKING:
    from wasmhub.oci.images import Packing

CHILD = Path(__file__).with_name("child.py")
WALL_SECONDS = 60
# Nothing of the hub's environment: it may hold secrets.
ENVIRONMENT = {"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
# What the child may say: a module's import list is long, but not this long.
ANSWER_BYTES = 32 * 1024 * 1024
# A runtime-config.json of 64 KiB in base64; a longer argument would be no argument for the system.
MOST_SAID = 100_000


class ReaderError(Exception):
    """The reader itself failed, which is the hub's fault; the job will try again."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the child read: facts in the API's shape (None: it could not), and findings."""

    facts: dict[str, Any] | None
    findings: list[Finding]
    diff_id: Digest | None = None
    """Of the archive that the module was in."""
    runtime_config: bytes | None = None
    """The runtime-config.json that lay beside the module."""


def read_in_child(
    layer: IO[bytes], module: IO[bytes], *, packing: Packing, runtime_config: bytes | None = None
) -> Reading:
    """
    Unpack a layer's module into ``module`` and analyse it, both in the child.

    ``runtime_config`` is what the image says of the module elsewhere; what is too long is nothing.

    :raises ImageError: the layer does not hold one module that every proxy reads the same way
    :raises ReaderError: the child failed in a way that no module should be able to cause
    """
    with tempfile.TemporaryFile() as answer:
        file, limit = module.fileno(), settings.MAX_UPLOAD_BYTES
        said = base64.b64encode(runtime_config or b"").decode()
        command = ("read", packing, str(file), str(limit), said if len(said) < MOST_SAID else "")
        outcome = run_child(*command, stdin=layer, answer=answer, files=[file])
        answer.seek(0)
        answered = answer.read(ANSWER_BYTES)
    if outcome is None or outcome < 0:
        return _too_heavy()
    if outcome != 0:
        raise ReaderError(f"The reader ended with {outcome}.")
    document = json.loads(answered)
    if refusal := document.get("image_error"):
        kind = NoModuleError if refusal["absent"] else ImageError
        raise kind(refusal["id"], refusal["message"])
    return Reading(
        document["facts"],
        [Finding.from_json(each) for each in document["findings"]],
        Digest.parse(document["diff_id"]) if document["diff_id"] else None,
        base64.b64decode(document["runtime_config"]) or None,
    )


def run_child(*command: str, stdin: IO[bytes], answer: IO[bytes], files: list[int]) -> int | None:
    """Return the child's exit status, negative for a signal, None when it took too long."""
    child = subprocess.Popen(  # noqa: S603 - our own program, no shell
        [sys.executable, "-I", str(CHILD), *command],
        stdin=stdin,
        stdout=answer,
        pass_fds=files,
        env=ENVIRONMENT,
        cwd="/",
    )
    try:
        return child.wait(WALL_SECONDS)
    except subprocess.TimeoutExpired:
        return None
    finally:
        child.kill()
        child.wait()


def _too_heavy() -> Reading:
    finding = Finding(
        "wasm/too-heavy",
        Severity.ERROR,
        "Reading the module took more than 20 seconds of processor time or 1.5 GiB of memory, "
        "which no proxy should spend on it. Build it with optimisation and without debug "
        "information, and push it again.",
        "the module",
    )
    return Reading(None, [finding])
