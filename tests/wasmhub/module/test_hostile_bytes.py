from __future__ import annotations

import time
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from tests.wasmhub.wasm_builder import (
    PREAMBLE,
    Export,
    Import,
    leb,
    name,
    producers,
    section,
    vector,
    wasm_module,
)
from wasmhub.module import ModuleError, read_module

pytestmark = pytest.mark.single_setup

SAMPLE = wasm_module(
    imports=[
        Import("f", "(i32 i64) -> (i32)"),
        Import("m", kind="memory"),
        Import("t", kind="tag"),
    ],
    exports=[Export("run", "() -> (externref)"), Export("g", kind="global")],
    custom={"producers": producers(language={"Go": "1"}), "name": b"\0\1x"},
)
HUGE = leb(2**32 - 1)


@hypothesis(deadline=None, max_examples=200)
@given(st.binary(max_size=200))
@example(b"\1\x83\0" + HUGE)
def test_any_bytes_after_the_preamble_are_read_or_refused(tail: bytes) -> None:
    with suppress(ModuleError):
        read_module(PREAMBLE + tail)


@hypothesis(deadline=None, max_examples=300)
@given(
    st.lists(
        st.tuples(st.integers(8, len(SAMPLE) - 1), st.integers(0, 255)), min_size=1, max_size=4
    ),
    st.integers(0, 3),
)
def test_a_changed_module_is_read_or_refused(changes: list[tuple[int, int]], inserted: int) -> None:
    data = bytearray(SAMPLE)
    for at, value in changes:
        data[at] = value
    data[changes[0][0] : changes[0][0]] = b"\xff" * inserted

    with suppress(ModuleError):
        read_module(bytes(data))


@pytest.mark.parametrize(
    ("data", "truncated"),
    [
        pytest.param(PREAMBLE + b"\1" + HUGE, True, id="a section of 4 GB"),
        pytest.param(PREAMBLE + b"\0" + HUGE + b"\1a", True, id="a custom section of 4 GB"),
        pytest.param(PREAMBLE + b"\1" + b"\x80" * 5 + b"\1", False, id="a size of 6 bytes"),
        pytest.param(PREAMBLE + b"\1" + b"\xff" * 4 + b"\x7f", False, id="a size of 35 bits"),
        pytest.param(PREAMBLE + section(0, HUGE), False, id="a name of 4 GB"),
        *(
            pytest.param(PREAMBLE + section(number, HUGE), False, id=f"4G entries in {number}")
            for number in (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13)
        ),
        pytest.param(PREAMBLE + section(1, b"\1\x60" + HUGE), False, id="4G parameters"),
        pytest.param(PREAMBLE + section(1, b"\1\x4e" + HUGE), False, id="4G types in a group"),
        pytest.param(PREAMBLE + section(1, b"\1\x5f" + HUGE), False, id="4G fields"),
        pytest.param(
            PREAMBLE + section(1, b"\1\x60" + vector([b"\x7f"] * 1_001) + b"\0"),
            False,
            id="1,001 parameters",
        ),
    ],
)
def test_a_number_that_promises_too_much_is_refused_at_once(data: bytes, truncated: bool) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ModuleError) as caught:
            read_module(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert caught.value.truncated is truncated
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (wasm_module(imports=[Import("f")] * 10_001), "more than 10000 imports"),
        (wasm_module(exports=[Export(str(n), kind="memory") for n in range(20_001)]), "exports"),
        (PREAMBLE + section(0, b"\0") * 1_001, "more than 1,000 custom sections"),
        (PREAMBLE + section(0, name("a" * 100_001)), "A name in the custom section is too long"),
        (wasm_module(imports=[Import("a" * 99_999)] * 50), "take more than 4 MiB"),
        (wasm_module(imports=[Import("😀" * 20_000)] * 60), "take more than 4 MiB"),
    ],
)
def test_more_than_any_program_has_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(ModuleError, match=says):
        read_module(data)


def test_a_million_functions_are_counted_in_less_than_a_second() -> None:
    data = wasm_module(more_functions=1_000_000)
    before = time.process_time()

    module = read_module(data)

    assert module.functions == 1_000_000
    assert time.process_time() - before < 1
