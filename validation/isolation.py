"""
Take from this process what hostile bytes could misuse, as far as the kernel lets it be taken.

Nothing here needs root. What a kernel or a container refuses is left out: ``isolate`` returns what
was taken, so that a worker can say at its start how well it is protected. Call it with one thread.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# What can be taken, by the words that a log says it with.
NETWORK, FILES, SIGNALS, PRIVILEGES = "network", "files", "signals", "privileges"
ALL: Final = (NETWORK, FILES, SIGNALS, PRIVILEGES)

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_NEW_USERS, _NEW_NETWORK, _NEW_IPC = 0x10000000, 0x40000000, 0x08000000  # sched.h
_DIE_WITH_PARENT, _NO_NEW_PRIVILEGES, _KILLED = 1, 38, 9  # prctl.h
_CAPABILITIES_VERSION: Final = 0x20080522  # capability.h: two words for each set

# linux/landlock.h; its calls have these numbers wherever there is a wasmtime (x86-64, arm64, …).
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION, _PATH_BENEATH = 1, 1
_FILES_SINCE: Final = {1: 13, 2: 14, 3: 15, 5: 16}  # how many rights over files a version knows
_EXECUTE, _WRITE, _READ, _LIST = 1, 2, 4, 8
_OF_A_FILE: Final = _EXECUTE | _WRITE | _READ | 1 << 14 | 1 << 15  # the others are of folders
_NET_SINCE, _SCOPES_SINCE = 4, 6
_BIND_AND_CONNECT, _SOCKETS_AND_SIGNALS = 3, 3
READING: Final = _READ | _LIST
RUNNING: Final = READING | _EXECUTE
WRITING: Final = ~_EXECUTE


def isolate(allowed: Mapping[str | int, int]) -> tuple[str, ...]:
    """
    Take network, files, signals to others and privileges from this process and all it starts.

    ``allowed`` maps paths, or files that are open, to what may still be done below them; what is
    open stays usable. Paths that are not there are left out.
    """
    _LIBC.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    # With users of its own a process may have a network of its own, one without any way out.
    separate = not (
        _LIBC.unshare(_NEW_USERS | _NEW_NETWORK | _NEW_IPC)
        and _LIBC.unshare(_NEW_NETWORK | _NEW_IPC)
    )
    version = _restrict_files(allowed)
    held = {
        NETWORK: separate,
        FILES: version > 0,
        SIGNALS: version >= _SCOPES_SINCE,
        PRIVILEGES: _drop_capabilities(),
    }
    return tuple(name for name, is_taken in held.items() if is_taken)


def become(owner: int) -> None:
    """Become somebody else, as only root may, without any group of the old one."""
    if os.geteuid() != owner:
        os.setgroups([])
        os.setresgid(owner, owner, owner)
        os.setresuid(owner, owner, owner)


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends."""
    _LIBC.prctl(_DIE_WITH_PARENT, _KILLED, 0, 0, 0)


def limit(limits: Iterable[tuple[int, int]]) -> None:
    """Limit resources for good; a limit that is lower already stays."""
    for which, value in limits:
        hard = resource.getrlimit(which)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (allowed, allowed))


def _drop_capabilities() -> bool:
    """Give up every capability; those of the own namespace reach much of the kernel."""
    header = struct.pack("=Ii", _CAPABILITIES_VERSION, 0)
    return bool(_LIBC.capset(header, bytes(24)) == 0)


def _restrict_files(allowed: Mapping[str | int, int]) -> int:
    """Let only the allowed be opened from now on; return Landlock's version, 0 without it."""
    version = max(_LIBC.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION), 0)
    if not version:
        return 0
    rights = (1 << max(bits for since, bits in _FILES_SINCE.items() if since <= version)) - 1
    network = _BIND_AND_CONNECT if version >= _NET_SINCE else 0
    scopes = _SOCKETS_AND_SIGNALS if version >= _SCOPES_SINCE else 0
    # An older kernel takes a longer document too, when what it does not know is zero.
    attributes = struct.pack("=QQQ", rights, network, scopes)
    rules = _LIBC.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if rules < 0:
        return 0
    try:
        for place, access in allowed.items():
            _allow(rules, place, access & rights)
        return version if _LIBC.syscall(_RESTRICT_SELF, rules, 0) == 0 else 0
    finally:
        os.close(rules)


def _allow(rules: int, place: str | int, access: int) -> None:
    try:
        opened = os.open(place, os.O_PATH) if isinstance(place, str) else os.dup(place)
    except OSError:
        return
    try:
        is_folder = os.path.isdir(opened)  # noqa: PTH112 - it may be a number
        right = access if is_folder else access & _OF_A_FILE
        _LIBC.syscall(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", right, opened), 0)
    finally:
        os.close(opened)
