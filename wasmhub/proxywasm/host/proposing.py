"""What to expect of a trial from now on, proposed from how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wasmhub.proxywasm.host.before import messages_before
from wasmhub.proxywasm.host.documents import HEADERS_MAX, body_as_json
from wasmhub.proxywasm.host.expecting import is_header_name, values_of
from wasmhub.proxywasm.host.wire import echo

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmhub.proxywasm.host.expecting import Pairs
    from wasmhub.proxywasm.host.outcome import Outcome
    from wasmhub.proxywasm.host.trial import Trial

# A longer one is a text that nobody reads through; the author may still expect it.
BODY_BYTES: Final = 8 * 1024
# They follow from the rest.
_IMPLIED: Final = frozenset({":status", "content-length", "transfer-encoding"})

Json = dict[str, Any]


def propose(trial: Trial, outcome: Outcome, again: Callable[[], Outcome] | None = None) -> Json:
    """
    Return an expectation: how the trial ended, and what the filter changed.

    ``again`` runs the trial once more, where that is worth it: what is not the same both times,
    such as a random id, is only expected to be there.
    """
    proposal = _proposal(trial, outcome)
    if again is None or proposal == {"outcome": outcome.outcome}:
        return proposal
    return _agreed(proposal, _proposal(trial, again()))


def _proposal(trial: Trial, outcome: Outcome) -> Json:
    proposal: Json = {"outcome": outcome.outcome}
    if outcome.outcome not in {"continued", "replied"}:
        return proposal
    seen = outcome.as_json()
    if trial.connection is not None:
        sent = b"".join(trial.connection.downstream), b"".join(trial.connection.upstream)
        ends = zip(("request", "response"), (outcome.request, outcome.response), sent, strict=True)
        return proposal | {name: _body(end.body) for name, end, was in ends if end.body != was}
    before = messages_before(trial, outcome)
    if outcome.outcome == "replied":
        answer: Json = {"status": outcome.response.status}
        answer |= _headers([], seen["response"]["headers"]) | _body(outcome.response.body)
        return proposal | {"response": answer}
    upstream = trial.upstream or echo(outcome.request)
    request = _headers(before["request"]["headers"], seen["request"]["headers"])
    if outcome.request.body != trial.request.content:
        request |= _body(outcome.request.body)
    answer = {"status": outcome.response.status}
    answer |= _headers(before["response"]["headers"], seen["response"]["headers"])
    if trial.request.method != "HEAD" and outcome.response.body != upstream.content:
        answer |= _body(outcome.response.body)
    return proposal | ({"request": request} if request else {}) | {"response": answer}


def _headers(before: Pairs, after: Pairs) -> Json:
    """Return the headers that are not as they were before; those that went are absent."""
    names = dict.fromkeys(name for name, _ in [*after, *before] if name not in _IMPLIED)
    moved: Json = {}
    for name in filter(is_header_name, names):
        values = values_of(name, after)
        if values != values_of(name, before) and len(moved) < HEADERS_MAX:
            moved[name] = _wanted(values)
    return {"headers": moved} if moved else {}


def _wanted(values: tuple[str, ...]) -> bool | str | list[str]:
    if not values or any("\0" in value for value in values):
        return bool(values)  # nobody can write a zero down
    return list(values) if len(values) > 1 else values[0]


def _body(body: bytes) -> Json:
    return {"body": body_as_json(body)} if len(body) <= BODY_BYTES else {}


def _agreed(one: Json, other: Json) -> Json:
    """Return what both proposals say; a header that both have with other values may have any."""
    agreed: Json = {}
    for name, value in one.items():
        another = other.get(name)
        if isinstance(value, dict) and isinstance(another, dict) and name != "body":
            agreed[name] = _agreed(value, another)
            if name == "headers":
                agreed[name] |= {
                    each: True
                    for each in value
                    if each not in agreed[name] and value[each] and another.get(each)
                }
        elif value == another:
            agreed[name] = value
    return {name: value for name, value in agreed.items() if value != {}}
