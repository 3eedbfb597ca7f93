"""The numbers that host and module exchange, as proxy-wasm-cpp-host has them."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Final


class Result(IntEnum):
    """What a host function answers."""

    OK = 0
    NOT_FOUND = 1
    BAD_ARGUMENT = 2
    SERIALIZATION_FAILURE = 3
    PARSE_FAILURE = 4
    BAD_EXPRESSION = 5
    INVALID_MEMORY_ACCESS = 6
    EMPTY = 7
    CAS_MISMATCH = 8
    RESULT_MISMATCH = 9
    INTERNAL_FAILURE = 10
    BROKEN_CONNECTION = 11
    UNIMPLEMENTED = 12


class Errno(IntEnum):
    """What a function of WASI answers (preview 1, only what the host uses)."""

    SUCCESS = 0
    BADF = 8
    NOTDIR = 20
    FAULT = 21
    INVAL = 28
    NOENT = 44
    NOSYS = 52
    NOTSUP = 58
    NOTCAPABLE = 76


class MapType(IntEnum):
    """Which headers a function means."""

    REQUEST_HEADERS = 0
    REQUEST_TRAILERS = 1
    RESPONSE_HEADERS = 2
    RESPONSE_TRAILERS = 3
    GRPC_INITIAL_METADATA = 4
    GRPC_TRAILING_METADATA = 5
    HTTP_CALL_HEADERS = 6
    HTTP_CALL_TRAILERS = 7


class BufferType(IntEnum):
    """Which bytes a function means."""

    REQUEST_BODY = 0
    RESPONSE_BODY = 1
    DOWNSTREAM_DATA = 2
    UPSTREAM_DATA = 3
    HTTP_CALL_BODY = 4
    GRPC_MESSAGE = 5
    VM_CONFIGURATION = 6
    PLUGIN_CONFIGURATION = 7
    CALL_DATA = 8


class StreamType(IntEnum):
    """Which half of a stream a function means."""

    REQUEST = 0
    RESPONSE = 1
    DOWNSTREAM = 2
    UPSTREAM = 3


class MetricType(IntEnum):
    """What a metric is; its two bits are the lowest of the metric's id."""

    COUNTER = 0
    GAUGE = 1
    HISTOGRAM = 2


HostFunction = Callable[..., int | None]

LOG_LEVELS: Final = ("trace", "debug", "info", "warn", "error", "critical")


class RefusedError(Exception):
    """A host function that does not answer Ok (or Success); ``code`` is its answer."""

    def __init__(self, code: Result | Errno) -> None:
        super().__init__(code.name)
        self.code = code


class BadMemoryError(Exception):
    """The module pointed outside of its memory, or its allocator gave none."""
