"""
Give a program less before it starts. Run as ``python -I -S confined.py OWNER PROGRAM ARGUMENT …``.

The limits hold for the program and all that it starts. Resident memory is watched from outside:
the engine reserves far more addresses than it uses, so a limit on those would stop every run.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys

CPU_SECONDS = 30
FILE_BYTES = 8 * 1024 * 1024
OPEN_FILES = 256
PROCESSES = 1024  # of the same owner, threads included
_NEW_USERS, _NEW_NETWORK = 0x10000000, 0x40000000  # sched.h
_DIE_WITH_PARENT, _NO_NEW_PRIVILEGES, _KILLED = 1, 38, 9  # prctl.h
_LIBC = ctypes.CDLL(None, use_errno=True)


def main(owner: int, program: str, *arguments: str) -> None:
    """Become the program, as ``owner`` if that is somebody else, behind limits."""
    opened = os.open(program, os.O_RDONLY)  # the owner may not reach the folder it is in
    os.set_inheritable(opened, True)  # noqa: FBT003 - a script is opened again by its interpreter
    if os.geteuid() != owner:
        os.setgroups([])
        os.setresgid(owner, owner, owner)
        os.setresuid(owner, owner, owner)
    # A network of its own, without any way out, where the kernel lets us.
    if _LIBC.unshare(_NEW_USERS | _NEW_NETWORK):
        _LIBC.unshare(_NEW_NETWORK)
    _LIBC.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _LIBC.prctl(_DIE_WITH_PARENT, _KILLED, 0, 0, 0)
    for which, value in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_NPROC, PROCESSES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(which)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (allowed, allowed))
    os.execve(opened, [program, *arguments], {})  # noqa: S606 - no shell is what we want


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
