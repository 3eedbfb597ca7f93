"""Run what is kept of a release: the examples of its extension, and the standard trial."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from accounts.actors import actor_for
from catalog.models import ExampleState
from catalog.selectors.compatibility import facts_of
from core.actor import ANONYMOUS
from core.errors import HubError
from validation.errors import BusyError
from validation.standard import standard_trial, summary_of
from validation.trying import try_release

if TYPE_CHECKING:
    from catalog.models import Release, TrialExample
    from validation.standard import Summary

MOST = 20  # differences that are kept
LOST = "The hub could not run it in three attempts. That is the hub's fault, not the module's."


@dataclass(frozen=True, slots=True)
class ExampleEnd:
    """How a release did on an example; ``reason`` is why it was not run."""

    state: ExampleState
    differences: list[str] = field(default_factory=list)
    reason: str = ""


def run_example(example: TrialExample, release: Release) -> ExampleEnd:
    """
    Run an example with the rights of its author, and compare.

    :raises BusyError: too many trials are under way
    :raises ReaderError: the child failed in a way that no module should be able to cause
    """
    from wasmhub.proxywasm.host import (  # noqa: PLC0415 - imported late on purpose: it has an engine
        Expectation,
        check,
    )

    author = actor_for(example.author) if example.author else ANONYMOUS
    try:
        tried = try_release(actor=author, release=release, trial=example.trial)
    except BusyError:
        raise
    except HubError as error:
        return ExampleEnd(ExampleState.NOT_RUN, reason=error.message)
    differences = check(Expectation.from_json(example.expected), tried.outcome)
    state = ExampleState.FAILED if differences else ExampleState.PASSED
    more = len(differences) - MOST
    return ExampleEnd(state, differences[:MOST] + [f"And {more} more differences."] * (more > 0))


def run_standard_trial(release: Release) -> Summary | None:
    """Return what the release does to a plain request; None when it cannot be tried."""
    try:
        trial = standard_trial(facts_of(release))
        tried = try_release(actor=ANONYMOUS, release=release, trial=trial)
        return summary_of(tried, is_connection="connection" in trial)
    except BusyError:
        raise
    except HubError:
        return None
