"""
The functions of WASI, as Envoy has them: two outputs that are logs, clocks, chance, no files.

None is wasmtime's: nothing here reaches the machine.
"""

from __future__ import annotations

import secrets
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.host.functions.logs import ERROR, INFO
from wasmhub.proxywasm.host.results import BadMemoryError, Errno, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmhub.proxywasm.host.context import Context
    from wasmhub.proxywasm.host.results import HostFunction

_RANDOM_MAX: Final = 64 * 1024
_VECTORS_MAX: Final = 1024  # more than any library writes at once
_OUTPUTS: Final = {1: INFO, 2: ERROR}
_FD_WRITE_RIGHT: Final = 64
_REALTIME, _MONOTONIC = 0, 1


def _answer(code: Errno) -> Callable[..., int]:
    return lambda _context, *_arguments: code


def _for_outputs(_context: Context, fd: int, *_arguments: int) -> int:
    return Errno.SUCCESS if fd in _OUTPUTS else Errno.BADF


def _write(context: Context, fd: int, vectors: int, count: int, written: int) -> None:
    if fd not in _OUTPUTS:
        raise RefusedError(Errno.BADF)
    memory, most = context.vm.memory, context.vm.world.meter.limits.log_bytes
    text = b""
    for at in range(count):
        address, size = struct.unpack("<II", memory.read(vectors + 8 * at, 8))
        text += memory.read(address, size)
        if at >= _VECTORS_MAX or len(text) > most:
            context.vm.world.meter.log(most + 1)  # ends the trial
    if text:
        context.vm.world.log(_OUTPUTS[fd], text.removesuffix(b"\n"))
    memory.write_u32(written, len(text))


def _pwrite(
    context: Context, fd: int, vectors: int, count: int, _offset: int, written: int
) -> None:
    _write(context, fd, vectors, count, written)


def _fdstat(context: Context, fd: int, pointer: int) -> int:
    if fd not in _OUTPUTS:
        return Errno.BADF
    with suppress(BadMemoryError):  # Envoy does not look whether it could write
        context.vm.memory.write(pointer, struct.pack("<3Q", 0, _FD_WRITE_RIGHT, 0))
    return Errno.SUCCESS


def _no_environment(context: Context, count: int, size: int) -> None:
    context.vm.memory.write_u32(count, 0)
    context.vm.memory.write_u32(size, 0)


def _clock(context: Context, clock: int, _precision: int, pointer: int) -> None:
    times = context.vm.world.clock
    if clock not in (_REALTIME, _MONOTONIC):
        raise RefusedError(Errno.NOTSUP)
    context.vm.memory.write_u64(pointer, times.now() if clock == _REALTIME else times.monotonic())


def _clock_resolution(context: Context, clock: int, pointer: int) -> None:
    if clock not in (_REALTIME, _MONOTONIC):
        raise RefusedError(Errno.NOTSUP)
    context.vm.memory.write_u64(pointer, 1)


def _random(context: Context, pointer: int, size: int) -> None:
    if size > _RANDOM_MAX:
        raise RefusedError(Errno.INVAL)
    if size:
        context.vm.memory.write(pointer, secrets.token_bytes(size))


def _tell(context: Context, fd: int, pointer: int) -> None:
    if fd not in _OUTPUTS:
        raise RefusedError(Errno.BADF)
    context.vm.memory.write_u64(pointer, 0)


def _readdir(context: Context, _fd: int, _at: int, _size: int, _cookie: int, read: int) -> int:
    context.vm.memory.write_u32(read, 0)
    return Errno.NOTDIR


def _renumber(_context: Context, fd: int, to: int) -> int:
    return Errno.NOTSUP if fd in _OUTPUTS and to in _OUTPUTS else Errno.BADF


def _poll(context: Context, _in: int, _out: int, _count: int, events: int) -> None:
    context.vm.memory.write_u32(events, 0)


def _readlink(context: Context, *arguments: int) -> int:
    context.vm.memory.write_u32(arguments[-1], 0)
    return Errno.NOTSUP


def _accept(context: Context, _fd: int, _flags: int, pointer: int) -> int:
    context.vm.memory.write_u64(pointer, 0)  # eight bytes, as Envoy writes them
    return Errno.NOTSUP


def _receive(context: Context, *arguments: int) -> int:
    context.vm.memory.write_u32(arguments[-2], 0)
    context.vm.memory.write(arguments[-1], b"\0\0")
    return Errno.NOTSUP


FUNCTIONS: Final[dict[str, HostFunction]] = {
    "args_get": _answer(Errno.SUCCESS),
    "args_sizes_get": _no_environment,
    "clock_res_get": _clock_resolution,
    "clock_time_get": _clock,
    "environ_get": _answer(Errno.SUCCESS),
    "environ_sizes_get": _no_environment,
    "fd_advise": _answer(Errno.SUCCESS),
    "fd_allocate": _for_outputs,
    "fd_close": _answer(Errno.SUCCESS),
    "fd_datasync": _for_outputs,
    "fd_fdstat_get": _fdstat,
    "fd_fdstat_set_flags": _answer(Errno.NOSYS),
    "fd_fdstat_set_rights": _for_outputs,
    "fd_filestat_get": _answer(Errno.BADF),
    "fd_filestat_set_size": _for_outputs,
    "fd_filestat_set_times": _for_outputs,
    "fd_pread": _answer(Errno.NOSYS),
    "fd_prestat_dir_name": _answer(Errno.NOSYS),
    "fd_prestat_get": _answer(Errno.BADF),
    "fd_pwrite": _pwrite,
    "fd_read": _answer(Errno.NOSYS),
    "fd_readdir": _readdir,
    "fd_renumber": _renumber,
    "fd_seek": _answer(Errno.SUCCESS),
    "fd_sync": _for_outputs,
    "fd_tell": _tell,
    "fd_write": _write,
    "path_create_directory": _answer(Errno.NOTSUP),
    "path_filestat_get": _answer(Errno.NOTSUP),
    "path_filestat_set_times": _answer(Errno.NOTSUP),
    "path_link": _answer(Errno.NOTSUP),
    "path_open": _answer(Errno.NOENT),
    "path_readlink": _readlink,
    "path_remove_directory": _answer(Errno.NOTSUP),
    "path_rename": _answer(Errno.NOTSUP),
    "path_symlink": _answer(Errno.NOTSUP),
    "path_unlink_file": _answer(Errno.NOTSUP),
    "poll_oneoff": _poll,
    # Envoy goes on after it; what a compiler puts behind the call is a trap.
    "proc_exit": _answer(Errno.SUCCESS),
    "random_get": _random,
    "sched_yield": _answer(Errno.SUCCESS),
    "sock_accept": _accept,
    "sock_recv": _receive,
    "sock_send": _readlink,
    "sock_shutdown": _answer(Errno.NOTSUP),
}
