"""The one entry point: from bytes to facts and findings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from wasmhub.proxywasm.checks import CHECKS
from wasmhub.proxywasm.checks.invalid import invalid
from wasmhub.proxywasm.declared import declared_by
from wasmhub.proxywasm.engine import used_features
from wasmhub.proxywasm.facts import Facts, facts_of
from wasmhub.proxywasm.findings import Finding, Severity
from wasmhub.proxywasm.subject import Subject

# Raise it when facts or findings of the same bytes change: they belong to (module, rule set).
RULE_SET: Final = 3
_WORST_FIRST: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True, slots=True)
class Analysis:
    """Facts and findings of one module, worst finding first."""

    facts: Facts
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Tell whether no finding is an error."""
        return all(finding.severity != Severity.ERROR for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return facts and findings in their fixed shapes."""
        return {
            "rule_set": RULE_SET,
            "facts": self.facts.as_json(),
            "findings": [finding.as_json() for finding in self.findings],
        }


def analyse(data: bytes, runtime_config: bytes | None = None) -> Analysis:
    """Analyse any bytes; ``runtime_config`` is what the image says of the module, if anything."""
    facts = facts_of(data, runtime_config)
    subject = Subject(data, facts, declared_by(runtime_config))
    findings = [finding for check in CHECKS for finding in check.findings(subject)]
    stopping = {check.id for check in CHECKS if check.stops_loading}
    obstacles = tuple(each.message for each in findings if each.id in stopping)
    findings.sort(key=lambda finding: (_WORST_FIRST[finding.severity], finding.id))
    features = facts.features
    if facts.module is not None and not any(each.id == invalid.id for each in findings):
        features = used_features(data, facts.module)
    return Analysis(replace(facts, obstacles=obstacles, features=features), tuple(findings))
