"""
What somebody expects of a trial: a chosen part of its outcome, not a copy of it.

The shape is ``{"outcome": "continued", "request": {"headers": {…}, "body": "…"}, "response":
{"status": 200, "headers": {…}, "body": "…"}, "logs": ["…"]}``; what is left out may be anything.
``headers`` maps a name to ``true`` (it is there), ``false`` (it is absent), its value, or the list
of its values. Some line of the log is expected to contain each text of ``logs``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, get_args

from wasmhub.proxywasm.host.documents import (
    HEADERS_MAX,
    STATUS_MIN,
    Fields,
    TrialError,
    body_from_json,
    shown,
)
from wasmhub.proxywasm.host.outcome import Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OUTCOMES: Final = get_args(Name)
LOGS_MAX: Final = 20
_HEADER: Final = re.compile(r":?[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

Pairs = list[list[str]]
# Present, absent, or these values in this order.
Wanted = bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExpectedMessage:
    """What one end is expected to receive; ``body`` is None, or ``status`` 0, when any will do."""

    headers: Mapping[str, Wanted] = field(default_factory=dict)
    body: bytes | None = None
    status: int = 0

    @classmethod
    def from_json(cls, document: object, where: str) -> ExpectedMessage:
        known = ("headers", "body") if where == "request" else ("status", "headers", "body")
        fields = Fields(document, where, known)
        body = fields.body("body") if "body" in fields else None
        if isinstance(body, tuple):
            raise TrialError(f"{where}.body is expected as a whole, not in chunks.")
        return cls(
            headers=_headers(fields.raw("headers"), f"{where}.headers"),
            body=body,
            status=fields.status("status", STATUS_MIN) if "status" in fields else 0,
        )


@dataclass(frozen=True, slots=True)
class Expectation:
    """An expected result; an empty ``outcome`` leaves open how the trial ends."""

    outcome: str = ""
    request: ExpectedMessage = ExpectedMessage()
    response: ExpectedMessage = ExpectedMessage()
    logs: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, document: object) -> Expectation:
        """Read the shape; raise TrialError with a sentence when something is wrong."""
        fields = Fields(document, "the expectation", ("outcome", "request", "response", "logs"))
        outcome = fields.text("outcome", "")
        if "outcome" in fields and outcome not in OUTCOMES:
            raise TrialError(f"outcome is one of {', '.join(OUTCOMES)}.")
        ends = {
            name: ExpectedMessage.from_json(fields.raw(name), name)
            for name in ("request", "response")
            if name in fields
        }
        logs = tuple(_log(each) for each in fields.items("logs", LOGS_MAX))
        expectation = cls(outcome=outcome, logs=logs, **ends)
        if expectation == cls():
            raise TrialError("Expect something: an outcome, a status, a header, a body or a log.")
        return expectation


def check(expected: Expectation, outcome: Mapping[str, Any]) -> list[str]:
    """
    Return what differs from the expectation, a sentence each; nothing when it is met.

    ``outcome`` is an answer to a trial in DESIGN's shape. When the trial ended in another way, that
    is the one difference: all others would only follow from it.
    """
    ended = outcome["outcome"]
    if ended != expected.outcome and (expected.outcome or ended == "limited"):
        wanted = f", and “{expected.outcome}” was expected" if expected.outcome else ""
        why = f": {shown(outcome['reason'], 300)}" if outcome["reason"] else ""
        return [f"The outcome was “{ended}”{wanted}{why}."]
    lines = [each["message"] for each in outcome["logs"]]
    return [
        *_check_message("request", expected.request, outcome["request"]),
        *_check_message("response", expected.response, outcome["response"]),
        *(
            f"No line of the log contains {shown(text, 200)}."
            for text in expected.logs
            if not any(text in line for line in lines)
        ),
    ]


def _check_message(
    which: str, expected: ExpectedMessage, received: Mapping[str, Any]
) -> Iterable[str]:
    if expected.status and received["status"] != expected.status:
        status = received["status"] or "none"
        yield f"The status of the response was {status}, and {expected.status} was expected."
    for name, wanted in expected.headers.items():
        if difference := _difference(wanted, values_of(name, received["headers"])):
            yield f"The {which} header {name} {difference}."
    if expected.body is not None:
        body = body_from_json(received["body"])
        if body != expected.body:
            yield (
                f"The {which} body was {_shown_body(body)}, and {_shown_body(expected.body)} "
                "was expected."
            )


def _difference(wanted: Wanted, values: tuple[str, ...]) -> str:
    if isinstance(wanted, bool):
        if wanted == bool(values):
            return ""
        return "was missing" if wanted else f"was there, with {_listed(values)}"
    if wanted == values:
        return ""
    if not values:
        return f"was missing, and {_listed(wanted)} was expected"
    return f"was {_listed(values)}, and {_listed(wanted)} was expected"


def values_of(name: str, headers: Pairs) -> tuple[str, ...]:
    """Return the values of a header in their order."""
    return tuple(value for each, value in headers if each == name)


def is_header_name(name: str) -> bool:
    """Test that a header can have this name; that of a pseudo header begins with a colon."""
    return _HEADER.fullmatch(name) is not None


def _listed(values: tuple[str, ...]) -> str:
    listed = [shown(value, 200) for value in values[:5]]
    more = f" and {len(values) - 5} more" if len(values) > 5 else ""  # noqa: PLR2004 - as above
    return ", ".join(listed) + more


def _shown_body(body: bytes) -> str:
    if not body:
        return "empty"
    return f"{shown(body.decode(errors='replace'), 200)} ({len(body)} bytes)"


def _headers(document: object, where: str) -> dict[str, Wanted]:
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise TrialError(f'{where} must be an object such as {{"x-a": "1", "x-b": true}}.')
    if len(document) > HEADERS_MAX:
        raise TrialError(f"{where} has more than {HEADERS_MAX} members.")
    for name in document:
        if not is_header_name(name):
            raise TrialError(f"{where}: {shown(name)} is no name of a header.")
    headers = {name.lower(): _wanted(each, f"{where}.{name}") for name, each in document.items()}
    if len(headers) < len(document):
        raise TrialError(f"{where} has a name twice; give it a list of values instead.")
    return headers


def _wanted(value: object, where: str) -> Wanted:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise TrialError(f"{where} must be a text, a list of texts, true (there) or false (absent).")


def _log(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TrialError("logs must be a list of texts, each a part of a line.")
    return value
