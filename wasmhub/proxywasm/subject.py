"""What a check looks at, and how it becomes one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from wasmhub.proxywasm.declared import Declared
from wasmhub.proxywasm.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wasmhub.module import Module
    from wasmhub.proxywasm.facts import Facts


@dataclass(frozen=True)
class Subject:
    """One module, or other bytes that were pushed as one: the bytes, the facts, what is said."""

    data: bytes
    facts: Facts
    declared: Declared = field(default_factory=Declared)

    @property
    def module(self) -> Module:
        """Return what was read of it; only checks of readable modules ask."""
        if self.facts.module is None:
            raise LookupError("Nothing could be read of these bytes.")
        return self.facts.module

    @cached_property
    def exported(self) -> dict[str, str]:
        """Map the names of the exported functions to their types."""
        return self.facts.exported_functions

    @cached_property
    def imported(self) -> frozenset[str]:
        """Name the imported functions."""
        return frozenset(each.name for each in self.facts.imports if each.kind == "function")


@dataclass(frozen=True, slots=True)
class Statement:
    """What a check says: a sentence of what is wrong and what to do, and where that is."""

    message: str
    where: str = "the module"


@dataclass(frozen=True, slots=True)
class Check:
    """
    One check: its id is that of its findings, of their page, and of its samples.

    ``of_any_bytes``: it looks at what is no readable module too. ``stops_loading``: what it finds
    keeps every proxy from loading the module, and does not show in imports and exports.
    """

    id: str
    severity: Severity
    says: Callable[[Subject], Iterator[Statement]]
    of_any_bytes: bool
    stops_loading: bool

    def findings(self, subject: Subject) -> Iterator[Finding]:
        """Give the findings, if there are any."""
        if self.of_any_bytes or subject.facts.module is not None:
            for each in self.says(subject):
                yield Finding(self.id, self.severity, each.message, each.where)


def check(
    finding_id: str, severity: Severity, *, of_any_bytes: bool = False, stops_loading: bool = False
) -> Callable[[Callable[[Subject], Iterator[Statement]]], Check]:
    """Make a check of a function that says what it finds in a module."""

    def decorate(says: Callable[[Subject], Iterator[Statement]]) -> Check:
        return Check(finding_id, severity, says, of_any_bytes, stops_loading)

    return decorate
