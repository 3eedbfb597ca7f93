"""What the filters of a trial started from, for those who want to see what they changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.host.documents import headers_as_json
from wasmhub.proxywasm.host.wire import echo, request_headers, response_headers

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.outcome import Outcome
    from wasmhub.proxywasm.host.trial import Trial


def headers_before(trial: Trial, outcome: Outcome) -> dict[str, list[list[str]]]:
    """Return the headers before any filter: the client's request, the upstream's response."""
    answer = trial.upstream or echo(outcome.request)
    return {
        "request": headers_as_json(list(request_headers(trial.request))),
        "response": headers_as_json(list(response_headers(answer))),
    }
