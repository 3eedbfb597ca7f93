"""The sandbox host: run a filter on one request as Envoy would, without Envoy and without harm."""

from __future__ import annotations

from wasmhub.proxywasm.host.before import messages_before
from wasmhub.proxywasm.host.documents import TrialError
from wasmhub.proxywasm.host.engine import CompiledCache
from wasmhub.proxywasm.host.expecting import Expectation, check
from wasmhub.proxywasm.host.limits import Limits
from wasmhub.proxywasm.host.loading import Profile
from wasmhub.proxywasm.host.outcome import Outcome
from wasmhub.proxywasm.host.proposing import propose
from wasmhub.proxywasm.host.run import run_trial
from wasmhub.proxywasm.host.trial import Trial

__all__ = [
    "CompiledCache",
    "Expectation",
    "Limits",
    "Outcome",
    "Profile",
    "Trial",
    "TrialError",
    "check",
    "messages_before",
    "propose",
    "run_trial",
]
