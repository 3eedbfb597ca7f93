"""What is done with strangers' bytes, for the search for those that break it."""

from __future__ import annotations

import json
import struct

from tests.wasmhub.proxywasm.host.probes import Data, Do, On, Text, Word, probe
from wasmhub.proxywasm import analyse, capability_restriction, compatibility_of
from wasmhub.proxywasm.host import Limits, Trial, TrialError, messages_before, run_trial

PREAMBLE = b"\0asm\x01\0\0\0"
FEW = Limits(fuel=1_000_000, seconds=2)
# The header map of a callout: how many, the sizes, then each with a zero behind it.
ASKED = (
    struct.pack("<7I", 3, 7, 3, 5, 6, 10, 4) + b":method\0GET\0:path\0/check\0:authority\0auth\0"
)
# It looks at what the document says, asks others, and changes something on the way back.
TRIED = probe(
    On("configure", Do("proxy_get_buffer_bytes", 7, 0, 10_000, Data()), returns=1),
    On(
        "request_headers",
        Do("proxy_get_property", Text("plugin_root_id"), Data()),
        Do("proxy_get_property", Text("request\0path"), Data()),
        Do("proxy_get_header_map_pairs", 0, Data()),
        Do("proxy_http_call", Text("auth"), Text(ASKED), 0, 0, 0, 0, 5000, Word()),
    ),
    On("http_call_response", Do("proxy_get_buffer_bytes", 4, 0, 10_000, Data())),
    On("request_body", Do("proxy_get_buffer_bytes", 0, 0, 10_000, Data())),
    On("response_headers", Do("proxy_add_header_map_value", 2, Text("x-a"), Text("1"))),
    On("response_body", Do("proxy_get_buffer_bytes", 1, 0, 10_000, Data())),
    On("downstream_data", Do("proxy_get_buffer_bytes", 2, 0, 10_000, Data())),
)


def judge(data: bytes) -> bool:
    """Do all that is done with a module, and tell whether it is one; nothing may be raised."""
    analysis = analyse(PREAMBLE + data)
    stored = json.loads(json.dumps(analysis.as_json()))
    rows = compatibility_of(stored["facts"])
    json.dumps([each.as_json() for each in rows])
    capability_restriction(stored["facts"])
    is_module = analysis.facts.kind == "module"
    if not is_module and any(each.loads for each in rows):
        raise AssertionError("what is no module loads")
    return is_module


def attempt(data: bytes) -> bool:
    """Run a trial as the child process does, and tell whether it is one; nothing may be raised."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return False
    try:
        trial = Trial.from_json(document)
        modules = {each.module: TRIED for each in trial.plugins}
        outcome = run_trial(TRIED, trial, modules=modules, limits=FEW)
    except TrialError as error:
        str(error).encode()
        return False
    json.dumps([outcome.as_json(), messages_before(trial, outcome)]).encode()
    return True


TARGETS = {"modules": judge, "trials": attempt}
