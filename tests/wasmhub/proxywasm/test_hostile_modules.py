"""No bytes make the analysis or a verdict fail, hang or grow."""

from __future__ import annotations

import json

import pytest

from tests.wasmhub.proxywasm.modules import HEAVY
from tests.wasmhub.proxywasm.samples import SAMPLES
from tests.wasmhub.wasm_builder import PREAMBLE, a_filter, leb, section
from wasmhub.proxywasm import analyse, capability_restriction, compatibility_of

pytestmark = pytest.mark.single_setup

SMALL = {
    finding_id: bad.data
    for finding_id, (bad, _) in SAMPLES.items()
    if finding_id not in HEAVY and len(bad.data) < 5_000
}


def judged(data: bytes) -> None:
    """Do all that is done with a module, and write the result down."""
    analysis = analyse(data)
    stored = json.loads(json.dumps(analysis.as_json()))
    rows = compatibility_of(stored["facts"])
    json.dumps([each.as_json() for each in rows])
    capability_restriction(stored["facts"])
    if analysis.facts.kind != "module":
        assert all(not each.loads for each in rows)


@pytest.mark.parametrize("finding_id", SMALL)
def test_modules_that_are_cut_off_or_changed_anywhere(finding_id: str) -> None:
    data = SMALL[finding_id]
    step = max(1, len(data) // 6)

    for at in range(0, len(data), step):
        judged(data[:at])
        judged(data[:at] + b"\xff" + data[at + 1 :])


@pytest.mark.parametrize(("number", "entry"), [(4, b"\x70\0\1"), (5, b"\0\1")])
def test_a_section_of_countless_memories_or_tables_loads_nowhere(number: int, entry: bytes) -> None:
    data = PREAMBLE + section(number, leb(200_000) + entry * 200_000)

    rows = compatibility_of(analyse(data).facts)

    assert not any(each.loads for each in rows)


@pytest.mark.parametrize(
    "content", [b"\1" + leb(2**31), b"\1\2\xff\xff", b"\1\5" + leb(2**32 - 1), b"\1"]
)
def test_a_name_section_that_promises_more_than_it_has(content: bytes) -> None:
    found = analyse(a_filter(custom={"name": content})).findings

    assert "wasm/bad-names" in {each.id for each in found}
