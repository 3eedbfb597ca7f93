"""The one entry point: from bytes to facts and findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from wasmhub.proxywasm.checks import OF_BYTES, OF_MODULE
from wasmhub.proxywasm.facts import Facts, facts_of
from wasmhub.proxywasm.findings import Finding, Severity

# Raise it when facts or findings of the same bytes change: they belong to (module, rule set).
RULE_SET: Final = 1
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
    findings = [finding for check in OF_BYTES for finding in check(data, facts)]
    if facts.module is not None:
        findings += [finding for check in OF_MODULE for finding in check(facts)]
    findings.sort(key=lambda finding: (_WORST_FIRST[finding.severity], finding.id))
    return Analysis(facts, tuple(findings))
