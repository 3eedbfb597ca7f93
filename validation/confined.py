"""
Give a program less before it starts. Run as ``python -I -S confined.py OWNER PROGRAM ARGUMENT …``.

The limits hold for the program and all that it starts. Resident memory is watched from outside:
the engine reserves far more addresses than it uses, so a limit on those would stop every run.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

# An isolated process does not find our packages by itself.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from validation.isolation import (
    READING,
    RUNNING,
    WRITING,
    become,
    die_with_parent,
    isolate,
    limit,
)

CPU_SECONDS = 30
FILE_BYTES = 8 * 1024 * 1024
OPEN_FILES = 256
PROCESSES = 1024  # of the same owner, threads included
# What programs are made of and read; nothing of the hub is there.
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache")
READ = ("/proc", "/sys")
WRITTEN = ("/dev",)


def main(owner: int, program: str, *arguments: str) -> None:
    """Become the program, as ``owner`` if that is somebody else, behind limits, in this folder."""
    opened = os.open(program, os.O_RDONLY)  # the owner may not reach the folder it is in
    os.set_inheritable(opened, True)  # noqa: FBT003 - a script is opened again by its interpreter
    become(owner)
    isolate(
        {
            **dict.fromkeys(SYSTEM, RUNNING),
            **dict.fromkeys(READ, READING),
            **dict.fromkeys(WRITTEN, WRITING),
            str(Path.cwd()): WRITING,
            opened: RUNNING,
        }
    )
    die_with_parent()
    limit(
        (
            (resource.RLIMIT_CPU, CPU_SECONDS),
            (resource.RLIMIT_FSIZE, FILE_BYTES),
            (resource.RLIMIT_NOFILE, OPEN_FILES),
            (resource.RLIMIT_NPROC, PROCESSES),
            (resource.RLIMIT_CORE, 0),
        )
    )
    os.execve(opened, [program, *arguments], {})  # noqa: S606 - no shell is what we want


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
