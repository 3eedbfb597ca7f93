"""Understand proxy-wasm modules: ABI, facts, findings. No Django and no network in here."""

from __future__ import annotations

from wasmhub.proxywasm.analysis import RULE_SET, Analysis, analyse
from wasmhub.proxywasm.capabilities import (
    CAPABILITIES,
    CapabilityChanges,
    capability_changes,
    in_words,
)
from wasmhub.proxywasm.compatibility import Compatibility, compatibility_of
from wasmhub.proxywasm.facts import Facts, facts_of
from wasmhub.proxywasm.findings import Finding, Severity
from wasmhub.proxywasm.restriction import capability_restriction

__all__ = [
    "CAPABILITIES",
    "RULE_SET",
    "Analysis",
    "CapabilityChanges",
    "Compatibility",
    "Facts",
    "Finding",
    "Severity",
    "analyse",
    "capability_changes",
    "capability_restriction",
    "compatibility_of",
    "facts_of",
    "in_words",
]
