"""What came of a trial, in words and with what changed marked, for pages and terminals."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final, Literal

from wasmhub.proxywasm.header_lines import Marked, difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
CONNECTION_SENTENCES: Final = {
    **SENTENCES,
    "continued": "The bytes went through the filter, both ways.",
    "replied": "The filter did not let all of it pass.",
    "paused": "The filter holds the bytes, and nothing makes them go on.",
    "trapped": "The filter broke down. A proxy closes the connection then.",
}
OF_A_REQUEST: Final = ("The request, as the upstream got it", "The response, as the client got it")
OF_A_CONNECTION: Final = (
    "The bytes, as the upstream got them",
    "The bytes, as the client got them",
)
# What is more of a body is left out, for it is text to be looked at.
BODY_MAX: Final = 64 * 1024
# Finding a difference takes time that grows with the square, and with the cube at worst.
LINES_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a body, and whether it came, went, or stayed."""

    text: str
    move: Literal["gained", "lost", "kept"]


@dataclass(frozen=True, slots=True)
class Body:
    """
    A body as it arrived.

    ``lines`` are the difference to what was sent, where there is one and it is small enough.
    """

    text: str
    changed: bool
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Shown:
    """The result of a trial as pages and terminals show it; ``memory`` is in bytes."""

    outcome: str
    is_good: bool
    sentence: str
    reason: str
    status: int
    request: list[Marked]
    request_body: Body
    response: list[Marked]
    response_body: Body
    logs: list[dict[str, str]]
    calls: list[dict[str, Any]]
    fuel: int
    milliseconds: float
    memory: int
    request_title: str
    response_title: str


def show(
    outcome: Mapping[str, Any],
    before: Mapping[str, Any],
    *,
    memory: int = 0,
    is_connection: bool = False,
) -> Shown:
    """
    Return what is shown of an outcome in its fixed shape: what the filter changed stands out.

    ``before`` is what `messages_before` says.
    """
    request, response = outcome["request"], outcome["response"]
    titles = OF_A_CONNECTION if is_connection else OF_A_REQUEST
    answered = outcome["outcome"] == "replied"
    upstream: Mapping[str, Any] = {"headers": [], "body": ""} if answered else before["response"]
    status = [[":status", str(response["status"])]] if response["status"] else []
    received = [each for each in response["headers"] if each[0] != ":status"]
    return Shown(
        outcome=outcome["outcome"],
        is_good=outcome["outcome"] in GOOD,
        sentence=(CONNECTION_SENTENCES if is_connection else SENTENCES)[outcome["outcome"]],
        reason=outcome["reason"],
        status=response["status"],
        request=_changes(before["request"]["headers"], request["headers"]),
        request_body=_body(before["request"]["body"], request["body"]),
        response=_changes(upstream["headers"], status + received),
        response_body=_body(upstream["body"], response["body"]),
        logs=outcome["logs"],
        calls=outcome["calls"],
        fuel=outcome["fuel"],
        milliseconds=outcome["milliseconds"],
        memory=memory,
        request_title=titles[0],
        response_title=titles[1],
    )


def _changes(before: list[list[str]], after: list[list[str]]) -> list[Marked]:
    """Mark what changed of a message, if there was one: HTTP has none without headers."""
    return difference(before, after) if after else []


def _body(before: object, after: object) -> Body:
    was, text = _text(before), _text(after)
    if not was or before == after:
        return Body(text, changed=False, lines=[])
    old, new = was.removesuffix("\n").split("\n"), text.removesuffix("\n").split("\n")
    small = max(len(old), len(new)) <= LINES_MAX
    return Body(text, changed=True, lines=list(_lines(old, new)) if small else [])


def _lines(old: list[str], new: list[str]) -> Iterator[Line]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, first, last, start, end in matcher.get_opcodes():
        if tag == "equal":
            yield from (Line(each, "kept") for each in new[start:end])
        else:
            yield from (Line(each, "lost") for each in old[first:last])
            yield from (Line(each, "gained") for each in new[start:end])


def _text(body: object) -> str:
    """
    Return a body in the fixed shape as people can see it.

    What is invisible is written out, and what is beyond the limit left out.
    """
    said = f"base64: {body.get('base64', '')}" if isinstance(body, dict) else str(body)
    more = f"\n… and {len(said) - BODY_MAX} more characters" if len(said) > BODY_MAX else ""
    visible = (
        each if each.isprintable() or each in "\n\t" else each.encode("unicode-escape").decode()
        for each in said[:BODY_MAX]
    )
    return "".join(visible) + more
