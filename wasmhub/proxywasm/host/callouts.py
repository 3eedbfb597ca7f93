"""Callouts: calls of a filter to other services, answered from the trial's script."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from wasmhub.proxywasm.host.documents import body_as_json, headers_as_json
from wasmhub.proxywasm.host.headers import HeaderMap
from wasmhub.proxywasm.host.results import MapType
from wasmhub.proxywasm.host.wire import response_headers

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.context import Context
    from wasmhub.proxywasm.host.trial import Response

# The kind of a callout is in the lowest two bits of its number.
HTTP_CALL, GRPC_CALL, GRPC_STREAM = 0, 1, 2
KIND_MASK: Final = 3
STEP: Final = 4
_TIMED_OUT: Final = b"upstream request timeout"


@dataclass
class Callout:
    """One callout that waits for its answer, and the parts of the answer while they are seen."""

    root: Context
    token: int
    record: dict[str, Any]
    headers: HeaderMap | None = None
    trailers: HeaderMap | None = None
    body: bytes = b""
    initial: HeaderMap | None = None
    trailing: HeaderMap | None = None
    message: bytes = b""
    asked: bool = False
    closed_here: bool = False
    closed_there: bool = False

    def map(self, kind: MapType) -> HeaderMap | None:
        """Return the part of the answer that a map of the ABI means."""
        return {
            MapType.HTTP_CALL_HEADERS: self.headers,
            MapType.HTTP_CALL_TRAILERS: self.trailers,
            MapType.GRPC_INITIAL_METADATA: self.initial,
            MapType.GRPC_TRAILING_METADATA: self.trailing,
        }.get(kind)


@dataclass
class Call:
    """What a filter asks of a cluster."""

    kind: str
    cluster: str
    headers: HeaderMap
    body: bytes = b""
    milliseconds: int = 0
    record: dict[str, Any] = field(default_factory=dict)

    def note(self) -> dict[str, Any]:
        """Return how the call stands in the outcome, not answered yet."""
        self.record = {
            "kind": self.kind,
            "cluster": self.cluster,
            "headers": headers_as_json(self.headers),
            "body": body_as_json(self.body),
            "answered": False,
        }
        return self.record


def next_token(root: Context, kind: int) -> int:
    """Return the number of the machine's next callout of a kind."""
    tokens = root.vm.tokens
    tokens[kind] = tokens.get(kind, kind) + STEP
    return tokens[kind]


def open_callout(root: Context, kind: int, call: Call) -> Callout:
    """Give a callout its number and note it in the outcome."""
    world = root.vm.world
    world.meter.call()
    world.meter.keep(len(call.body) + call.headers.byte_size)
    callout = Callout(root, next_token(root, kind), call.note())
    root.callouts[callout.token] = callout
    world.calls.append(callout.record)
    return callout


def send_http(root: Context, call: Call, trailers: HeaderMap) -> int:
    """Make an HTTP call and return its number; the answer comes when no module runs."""
    world = root.vm.world
    if call.body:
        call.headers.put(b"content-length", str(len(call.body)).encode())
    callout = open_callout(root, HTTP_CALL, call)
    answer = world.answer(call, trailers)
    if answer is not None:
        callout.record["answered"] = True
        headers = response_headers(answer)
        headers.add(b"x-envoy-upstream-service-time", b"0")
        world.agenda.soon(lambda: _deliver(callout, headers, answer))
    elif call.milliseconds:
        late = HeaderMap(
            [
                (b":status", b"504"),
                (b"content-length", str(len(_TIMED_OUT)).encode()),
                (b"content-type", b"text/plain"),
            ]
        )
        world.agenda.later(
            call.milliseconds * 1_000_000, lambda: _deliver(callout, late, None, _TIMED_OUT)
        )
    return callout.token


def _deliver(
    callout: Callout, headers: HeaderMap, answer: Response | None, body: bytes = b""
) -> None:
    root = callout.root
    if root.callouts.pop(callout.token, None) is None:
        return
    callout.headers = headers
    callout.body = answer.content if answer else body
    if answer and answer.trailers:
        callout.trailers = HeaderMap(answer.trailers)
    root.answer = callout
    # Envoy takes the answer back before it goes on with what the callback put off.
    root.vm.after_call.append(lambda: _forget(root))
    count = len(callout.trailers) if callout.trailers else 0
    if (
        root.call(
            "proxy_on_http_call_response", callout.token, len(headers), len(callout.body), count
        )
        is None
    ):
        root.vm.after_call.clear()
        _forget(root)


def _forget(root: Context) -> None:
    root.answer = None
