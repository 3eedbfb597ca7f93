"""What a module does to a plain request: run once for each that passes, told in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wasmhub.proxywasm.header_lines import difference

if TYPE_CHECKING:
    from validation.trying import Tried

HEADERS = [["host", "example.com"], ["user-agent", "wasmhub"]]
CONNECTION = {"downstream": "hello\n", "upstream": "hello\n"}
NAMES, NAME_LENGTH, REASON_LENGTH = 12, 100, 300
# It follows from the body, so it says nothing.
IMPLIED = {":status", "content-length"}
NOTHING = "changes no header"
VERBS = (("added", "adds"), ("changed", "changes"), ("removed", "removes"))

Summary = dict[str, Any]


def standard_trial(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the trial: a plain request or connection, no configuration, the echo upstream."""
    root_ids = facts.get("root_ids") or [""]
    if facts.get("contexts") == ["tcp"]:
        return {"connection": CONNECTION, "root_id": root_ids[0]}
    request = {"method": "GET", "path": "/", "headers": HEADERS}
    return {"request": request, "root_id": root_ids[0]}


def summary_of(tried: Tried, *, is_connection: bool = False) -> Summary:
    """Return what is kept of the answer: how it ended, and the names of the headers that moved."""
    outcome, before = tried.outcome, tried.before
    continued = outcome["outcome"] == "continued"
    return {
        "outcome": outcome["outcome"],
        "is_connection": is_connection,
        "status": outcome["response"]["status"],
        "reason": _plain(outcome["reason"], REASON_LENGTH),
        "request": _moved(before, outcome, "request") if continued else {},
        "response": _moved(before, outcome, "response") if continued else {},
        "calls": sorted({_plain(each["cluster"], NAME_LENGTH) for each in outcome["calls"]})[
            :NAMES
        ],
    }


def sentence_of(summary: Summary) -> str:
    """Say what the module does; what it needs a configuration for is no error."""
    reason = summary["reason"].rstrip(".")
    because = f": {reason}" if reason else ""
    if summary["outcome"] == "rejected" and "configure" in reason.lower():
        return "it does not start: it needs a configuration, which you can give it here."
    if summary["is_connection"]:
        return _of_connection(summary["outcome"], because)
    moves = [_told(which, summary[which]) for which in ("request", "response")]
    called = f" and calls {', '.join(summary['calls'])}" if summary["calls"] else ""
    told = {
        "continued": f"it lets the request pass and {'; '.join(filter(None, moves)) or NOTHING}.",
        "replied": f"it answers {summary['status']} by itself.",
        "rejected": f"a proxy would not start with it{because}.",
        "paused": f"it holds the request{called}; nothing answers it in the sandbox.",
        "trapped": f"it breaks down{because}.",
        "limited": f"the sandbox stopped it{because}.",
    }
    return told[summary["outcome"]]


def _of_connection(outcome: str, because: str) -> str:
    told = {
        "continued": "it lets the bytes pass both ways.",
        "replied": "it ends the connection.",
        "rejected": f"a proxy would not start with it{because}.",
        "paused": "it holds the bytes.",
        "trapped": f"it breaks down{because}.",
        "limited": f"the sandbox stopped it{because}.",
    }
    return told[outcome]


def _moved(before: Summary, outcome: Summary, which: str) -> dict[str, list[str]]:
    changes = difference(before[which]["headers"], outcome[which]["headers"])
    marked = [each for each in changes if each.name not in IMPLIED]
    gained = {each.name for each in marked if each.move == "gained"}
    lost = {each.name for each in marked if each.move == "lost"}
    moves = {"added": gained - lost, "changed": gained & lost, "removed": lost - gained}
    return {
        name: [_plain(each, NAME_LENGTH) for each in sorted(names)[:NAMES]]
        for name, names in moves.items()
        if names
    }


def _told(which: str, moves: dict[str, list[str]]) -> str:
    told = [f"{verb} {', '.join(moves[name])}" for name, verb in VERBS if moves.get(name)]
    return f"{' and '.join(told)} in the {which}" if told else ""


def _plain(text: str, longest: int) -> str:
    """Cut a module's text, and put a dot for what nobody could see."""
    return "".join(each if each.isprintable() else "·" for each in text[:longest])
