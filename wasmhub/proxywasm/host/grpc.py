"""gRPC callouts: one message and one answer, or a stream of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.host.callouts import GRPC_CALL, GRPC_STREAM, Call, Callout, open_callout
from wasmhub.proxywasm.host.headers import HeaderMap
from wasmhub.proxywasm.host.local import grpc_status_of
from wasmhub.proxywasm.host.results import RefusedError, Result
from wasmhub.proxywasm.host.traps import ProxyCrashError

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.context import Context
    from wasmhub.proxywasm.host.trial import Reply

_HTTP_OK: Final = 200
_ENVOY_GRPC, _GOOGLE_GRPC = 1, 2  # fields of envoy.config.core.v3.GrpcService
_NAME: Final = 1  # of the cluster or target in either
_DETAILS: Final = b"via_upstream"  # what Envoy adds to the message of a status
_UNKNOWN, _UNAVAILABLE = 2, 14
_LENGTH_DELIMITED: Final = 2
_SIZES: Final = {1: 8, 5: 4}  # of the wire types with a fixed size


def cluster_of(service: bytes, clusters: set[str]) -> str:
    """
    Return the cluster that a GrpcService message, or a plain name, means.

    A message may also name a target of Google's client, or a cluster that is not there.
    """
    try:
        fields = read_message(service)
        target = read_message(fields.get(_ENVOY_GRPC, fields.get(_GOOGLE_GRPC, b"")))
    except ValueError:
        name = service.decode(errors="replace")
        if name not in clusters:
            raise RefusedError(Result.PARSE_FAILURE) from None
        return name
    if not fields.keys() & {_ENVOY_GRPC, _GOOGLE_GRPC}:
        raise ProxyCrashError("The filter made a gRPC call to a service without a target.")
    return target.get(_NAME, b"").decode(errors="replace")


def read_message(data: bytes) -> dict[int, bytes]:
    """Return the texts and messages in a protobuf message; raise ValueError when it is none."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if number == 0:
            raise ValueError("no field has the number 0")
        if wire == 0:
            _, at = _varint(data, at)
            continue
        size = _SIZES.get(wire, -1)
        if wire == _LENGTH_DELIMITED:
            size, at = _varint(data, at)
        if size < 0 or at + size > len(data):
            raise ValueError("a field that is cut off or of no known kind")
        if wire == _LENGTH_DELIMITED:
            found[number] = data[at : at + size]
        at += size
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:  # noqa: PLR2004 - LEB128
            return value, at
    raise ValueError("a number that is cut off or too long")


def call(root: Context, asked: Call, path: str) -> int:
    """Make a call with one message and return its number."""
    world = root.vm.world
    callout = _open(root, GRPC_CALL, asked)
    reply = world.script.reply(asked.cluster, path)
    if reply is None:
        if asked.milliseconds:
            world.agenda.later(
                asked.milliseconds * 1_000_000,
                lambda: _time_out(callout),
            )
        return callout.token
    callout.record["answered"] = True
    status, message = _status(reply)
    if status:
        world.agenda.soon(lambda: _finish(callout, status, message))
    else:
        world.agenda.soon(lambda: _receive(callout, reply.content, last=True))
    return callout.token


def open_stream(root: Context, asked: Call) -> int:
    """Open a stream and return its number; it is answered once the filter sends something."""
    return _open(root, GRPC_STREAM, asked).token


def _open(root: Context, kind: int, asked: Call) -> Callout:
    callout, world = open_callout(root, kind, asked), root.vm.world
    if asked.cluster not in world.script.clusters:
        # Envoy fails the call at once, and still tells the filter later that it was closed.
        del root.callouts[callout.token]
        world.agenda.soon(lambda: _close(callout, _UNAVAILABLE, b"Cluster not available"))
        raise RefusedError(Result.INTERNAL_FAILURE)
    return callout


def send(callout: Callout, message: bytes, *, end: bool) -> None:
    """Send a message on a stream; the first brings the answer."""
    world = callout.root.vm.world
    world.meter.event()
    world.meter.keep(len(message))
    callout.closed_here = callout.closed_here or end
    if callout.asked:
        return
    callout.asked = True
    path = dict(callout.record["headers"]).get(":path", "")
    reply = world.script.reply(callout.record["cluster"], path)
    if reply is not None:
        callout.record["answered"] = True
        world.agenda.soon(lambda: _answer_stream(callout, reply))


def _answer_stream(callout: Callout, reply: Reply) -> None:
    status, message = _status(reply)
    if reply.status == _HTTP_OK:
        callout.initial = HeaderMap(
            [
                (b":status", b"200"),
                (b"content-type", b"application/grpc"),
                *reply.headers,
                (b"x-envoy-upstream-service-time", b"0"),
            ]
        )
        _tell(callout, "proxy_on_grpc_receive_initial_metadata", len(callout.initial))
        callout.initial = None
        for chunk in reply.chunks:
            _receive(callout, chunk, last=False)
        callout.trailing = HeaderMap(reply.trailers or [(b"grpc-status", b"0")])
        _tell(callout, "proxy_on_grpc_receive_trailing_metadata", len(callout.trailing))
        callout.trailing = None
    callout.closed_there = True
    _finish(callout, status, message)


def _receive(callout: Callout, message: bytes, *, last: bool) -> None:
    callout.message = message
    _tell(callout, "proxy_on_grpc_receive", len(message))
    callout.message = b""
    if last:
        callout.root.callouts.pop(callout.token, None)


def _time_out(callout: Callout) -> None:
    _finish(callout, _UNAVAILABLE, b"upstream request timeout")


def _finish(callout: Callout, status: int, message: bytes) -> None:
    """Close a callout, unless the filter gave it up."""
    if callout.token in callout.root.callouts:
        _close(callout, status, message)


def _close(callout: Callout, status: int, message: bytes) -> None:
    callout.root.status = (status, message)
    callout.root.call("proxy_on_grpc_close", callout.token, status)
    callout.root.status = (status, b"")
    if callout.token & GRPC_CALL or callout.closed_here:
        callout.root.callouts.pop(callout.token, None)


def _tell(callout: Callout, name: str, number: int) -> None:
    root = callout.root
    if callout.token not in root.callouts:
        return
    root.answer = callout
    root.call(name, callout.token, number)
    root.answer = None


def _status(reply: Reply) -> tuple[int, bytes]:
    if reply.status != _HTTP_OK:
        return grpc_status_of(reply.status), b""
    fields = dict(reply.headers) | dict(reply.trailers)
    try:
        status, message = int(fields.get(b"grpc-status", b"0")), fields.get(b"grpc-message")
    except ValueError:
        return _UNKNOWN, b""
    return status, message + b"{" + _DETAILS + b"}" if message else _DETAILS
