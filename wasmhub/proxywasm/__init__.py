"""Understand proxy-wasm modules: ABI, facts, findings. No Django and no network in here."""

from __future__ import annotations

from wasmhub.proxywasm.analysis import RULE_SET, Analysis, analyse
from wasmhub.proxywasm.capabilities import CAPABILITIES
from wasmhub.proxywasm.facts import Facts, facts_of
from wasmhub.proxywasm.findings import Finding, Severity

__all__ = [
    "CAPABILITIES",
    "RULE_SET",
    "Analysis",
    "Facts",
    "Finding",
    "Severity",
    "analyse",
    "facts_of",
]
