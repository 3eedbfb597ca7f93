"""The `wasmhub` command."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from wasmhub.cli.arguments import read_arguments
from wasmhub.cli.errors import FAILED, WRONG_USAGE, UsageError
from wasmhub.cli.plain import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERRUPTED, _BROKEN_PIPE = 130, 141  # as shells report those signals


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; whatever goes wrong is one sentence on stderr."""
    _prepare_streams()
    try:
        status = _run(argv)
        sys.stdout.flush()
    except UsageError as error:
        return fail(str(error), WRONG_USAGE)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        return _give_up_output(_BROKEN_PIPE)
    except OSError as error:  # the disk is full, …
        return _give_up_output(fail(f"The output cannot be written: {error.strerror}.", FAILED))
    except MemoryError:
        return fail("This takes more memory than there is.", FAILED)
    return status


def fail(sentence: str, status: int) -> int:
    """Say what is wrong and return the exit code."""
    sys.stderr.write(f"wasmhub: {printable(sentence)}\n")
    return status


def _run(argv: Sequence[str] | None) -> int:
    arguments = read_arguments(argv)
    if arguments is None:
        return 0
    # What a command needs is imported when it runs: `--help` answers at once.
    from wasmhub.cli.commands import run_command  # noqa: PLC0415

    return run_command(arguments)


def _prepare_streams() -> None:
    """Have characters that the terminal's encoding lacks replaced, and nothing missing."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started this
            setattr(sys, name, open(os.devnull, "r+"))  # noqa: PTH123, SIM115 - no pathlib here
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]


def _give_up_output(status: int) -> int:
    """Drop what is left in the buffer, or Python would try it again when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status
