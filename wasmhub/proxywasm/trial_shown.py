"""What came of a trial, in words and with what changed marked, for pages and terminals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from wasmhub.proxywasm.header_lines import Marked, Pairs, difference

if TYPE_CHECKING:
    from collections.abc import Mapping

# The outcomes that mean that the request went its way.
GOOD: Final = {"continued", "replied"}
SENTENCES: Final = {
    "continued": "The request went through the filter to the upstream and back.",
    "replied": "The filter answered by itself; the upstream never saw the request.",
    "paused": "The filter holds the request, and nothing makes it go on.",
    "trapped": "The filter broke down. A proxy answers 503 then.",
    "rejected": "A proxy would not start with this module and configuration.",
    "limited": "The sandbox stopped the trial.",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The result of a trial as pages and terminals show it."""

    outcome: str
    is_good: bool
    sentence: str
    reason: str
    status: int
    request: list[Marked]
    request_body: str
    response: list[Marked]
    response_body: str
    logs: list[dict[str, str]]
    calls: list[dict[str, Any]]
    fuel: int
    milliseconds: float


def show(outcome: Mapping[str, Any], before: Mapping[str, Pairs]) -> Shown:
    """
    Return what is shown of an outcome in its fixed shape: what the filter changed stands out.

    ``before`` is what `headers_before` says.
    """
    request, response = outcome["request"], outcome["response"]
    answered = outcome["outcome"] == "replied"
    upstream = [] if answered else before["response"]
    status = [[":status", str(response["status"])]] if response["status"] else []
    received = [each for each in response["headers"] if each[0] != ":status"]
    return Shown(
        outcome=outcome["outcome"],
        is_good=outcome["outcome"] in GOOD,
        sentence=SENTENCES[outcome["outcome"]],
        reason=outcome["reason"],
        status=response["status"],
        request=_changes(before["request"], request["headers"]),
        request_body=_body(request["body"]),
        response=_changes(upstream, status + received),
        response_body=_body(response["body"]),
        logs=outcome["logs"],
        calls=outcome["calls"],
        fuel=outcome["fuel"],
        milliseconds=outcome["milliseconds"],
    )


def _changes(before: Pairs, after: Pairs) -> list[Marked]:
    """Mark what changed of a message, if there was one: HTTP has none without headers."""
    return difference(before, after) if after else []


def _body(body: object) -> str:
    if isinstance(body, dict):
        return f"base64: {body.get('base64', '')}"
    return str(body)
