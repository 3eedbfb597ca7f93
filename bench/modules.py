"""
Measure how fast modules are read: one of 30 MB that is built here, and one of Go.

Prints one line per figure. Times depend on the machine, which the first line names; compare runs
on one machine only.
"""

from __future__ import annotations

import os
import platform
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.wasmhub.module.go_builder import build_go_module  # noqa: E402 - the path comes first
from tests.wasmhub.wasm_builder import (  # noqa: E402 - the path comes first
    PREAMBLE,
    function_type,
    leb,
    section,
    vector,
)
from wasmhub.module import read_module  # noqa: E402 - the path comes first

ROUNDS = 20
MEGABYTE = 1_000_000
LARGE = 30 * MEGABYTE
BODY = 300  # bytes of the mean function; compilers' are of 200 to 900


def main() -> None:
    """Build the modules and measure."""
    cores = os.cpu_count()
    print(f"machine: {cores} cores, {platform.machine()}, Python {platform.python_version()}")
    measure("synthetic module", large_module())
    with tempfile.TemporaryDirectory(prefix="wasmhub-bench-") as folder:
        try:
            data = build_go_module(Path(folder)).read_bytes()
        except (pytest.skip.Exception, pytest.fail.Exception) as missing:
            print(f"Go module: {missing.msg}")
        else:
            measure("Go module", data)


def measure(what: str, data: bytes) -> None:
    """Print how long reading takes, and how many bytes of it a second has."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        module = read_module(data)
        times.append(time.perf_counter() - started)
    median = statistics.median(times)
    size = f"{len(data) / MEGABYTE:.1f} MB, {module.functions:,} functions"
    show(f"{what} of {size}, median of {ROUNDS}", median * 1000, "ms")
    show(f"{what}, bytes read", len(data) / MEGABYTE / median, "MB/s")


def show(what: str, value: float, unit: str) -> None:
    """Print one figure."""
    print(f"{what:<72} {value:9.2f} {unit}")


def large_module() -> bytes:
    """Build a module of code bodies whose sizes vary as compilers' do; equal in every run."""
    sizes = random.Random(1)
    bodies: list[bytes] = []
    while sum(map(len, bodies)) < LARGE:
        bodies += [body(int(sizes.expovariate(1 / BODY)) + 3) for _ in range(10_000)]
    return PREAMBLE + b"".join(
        [
            section(1, vector([function_type("() -> ()")])),
            section(3, vector([b"\0"] * len(bodies))),
            section(5, vector([b"\0\x01"])),
            section(10, vector(bodies)),
        ]
    )


def body(size: int) -> bytes:
    """Encode a function of that many bytes that does nothing."""
    return leb(size) + b"\0" + b"\x01" * (size - 2) + b"\x0b"


if __name__ == "__main__":
    main()
