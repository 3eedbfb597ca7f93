"""Examples of an extension, and how its releases did on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Count, Q

from catalog.models import ExampleResult, ExampleState, StandardTrial, TrialExample
from core.errors import NotFoundError

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from catalog.models import Extension, Release

NOT_RUN_YET = "It has not been run on this version."


@dataclass(frozen=True, slots=True)
class ExampleRun:
    """An example, and how one release did on it; ``run`` is None when that was not tried."""

    name: str
    description: str
    state: str
    differences: list[str] = field(default_factory=list)
    reason: str = ""
    run: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExampleCount:
    """How many of the examples that were run on a release it passed."""

    passed: int
    run: int

    @property
    def is_good(self) -> bool:
        return self.passed == self.run


def examples_of(*, extension: Extension) -> list[TrialExample]:
    """Return the examples of an extension that the actor may see, by name."""
    return list(extension.examples.select_related("author"))


def get_example(*, extension: Extension, name: str) -> TrialExample:
    """
    Return an example of an extension that the actor may see.

    :raises NotFoundError: there is no such example
    """
    rows = extension.examples.select_related("author")
    row = rows.filter(name=name).first() if "\0" not in name else None
    if row is None:
        raise NotFoundError("There is no example of this name.")
    return row


def example_runs(*, release: Release) -> list[ExampleRun]:
    """Return every example of the release's extension, and how the release did on it."""
    results = {each.example_id: each for each in release.example_results.all()}
    rows = TrialExample.objects.filter(extension=release.extension_id).defer("trial", "expected")
    return [_run(row, results.get(row.pk)) for row in rows]


def _run(example: TrialExample, result: ExampleResult | None) -> ExampleRun:
    said: dict[str, Any] = {"state": ExampleState.NOT_RUN.value, "reason": NOT_RUN_YET}
    if result is not None:
        said = {
            "state": result.state,
            "differences": result.differences,
            "reason": result.reason,
            "run": result.run,
        }
    return ExampleRun(name=example.name, description=example.description, **said)


def example_counts(*, extension: Extension) -> dict[str, ExampleCount]:
    """Return how the releases did on which something was run, by their versions."""
    rows = (
        ExampleResult.objects.filter(example__extension=extension)
        .values_list("release__version")
        .annotate(
            passed=Count("pk", filter=Q(state=ExampleState.PASSED)),
            ran=Count("pk", filter=~Q(state=ExampleState.NOT_RUN)),
        )
    )
    return {version: ExampleCount(passed, ran) for version, passed, ran in rows if ran}


def standard_summary(*, release: Release) -> dict[str, Any] | None:
    """Return what the release does to a plain request, None while nobody has tried."""
    module = release.manifest.module if release.manifest else None
    row = StandardTrial.objects.filter(sha256=module.sha256).first() if module else None
    return row.summary if row else None
