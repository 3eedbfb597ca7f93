"""Answer one question on standard input with a trial: what a child process for trials does."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from wasmhub.proxywasm.host.before import messages_before
from wasmhub.proxywasm.host.documents import TrialError
from wasmhub.proxywasm.host.proposing import propose
from wasmhub.proxywasm.host.run import run_trial
from wasmhub.proxywasm.host.trial import Trial

if TYPE_CHECKING:
    from typing import BinaryIO

    from wasmhub.proxywasm.host.engine import CompiledCache


def answer(asked: BinaryIO, compiled: CompiledCache | None = None) -> dict[str, Any] | None:
    """
    Run what a question of `wasmhub.proxywasm.asking` asks for.

    None when there is none, for whoever would ask has ended.

    The answer has ``outcome`` and ``memory``, the bytes that the modules had, and ``before``; or
    ``refused``, the reason why the trial cannot be run as it is written. ``proposed`` is what to
    expect of the trial from now on, when that was asked for.
    """
    line = asked.readline()
    if not line:
        return None
    asking = json.loads(line)
    modules = {name: asked.read(size) for name, size in asking["modules"]}
    tried = next(iter(modules.values()))
    try:
        trial = Trial.from_json(asking["trial"])
        run = partial(run_trial, tried, trial, modules=modules, compiled=compiled)
        outcome = run()
    except TrialError as error:
        return {"refused": str(error)}
    return {
        "outcome": outcome.as_json(),
        "memory": outcome.memory_bytes,
        "before": messages_before(trial, outcome),
        "proposed": propose(trial, outcome, run) if asking["propose"] else None,
    }
