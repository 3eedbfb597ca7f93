"""What the filters of a trial started from, for those who want to see what they changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wasmhub.proxywasm.host.documents import body_as_json, headers_as_json
from wasmhub.proxywasm.host.wire import echo, request_headers, response_headers

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.outcome import Outcome
    from wasmhub.proxywasm.host.trial import Connection, Trial


def messages_before(trial: Trial, outcome: Outcome) -> dict[str, Any]:
    """Return headers and body before any filter: the client's request, the upstream's response."""
    if trial.connection is not None:
        return _of_connection(trial.connection)
    answer = trial.upstream or echo(outcome.request)
    sent = b"" if trial.request.method == "HEAD" else answer.content
    return {
        "request": {
            "headers": headers_as_json(list(request_headers(trial.request))),
            "body": body_as_json(trial.request.content),
        },
        "response": {
            "headers": headers_as_json(list(response_headers(answer))),
            "body": body_as_json(sent),
        },
    }


def _of_connection(connection: Connection) -> dict[str, Any]:
    sides = {"request": connection.downstream, "response": connection.upstream}
    return {
        name: {"headers": [], "body": body_as_json(b"".join(side))} for name, side in sides.items()
    }
