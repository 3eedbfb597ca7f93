"""
Measure what the hub promises, on a hub of its own in a temporary folder; run by ``make bench``.

Prints one line per figure. Times depend on the machine, which the first line names; compare runs
on one machine only.
"""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import filters  # noqa: E402 - the path comes first
from tests.live import Hub, start_hub, unique  # noqa: E402

ROUNDS = 20


def main() -> None:
    """Start a hub with demo data and measure it."""
    cores = os.cpu_count()
    print(f"machine: {cores} cores, {platform.machine()}, Python {platform.python_version()}")
    folder = Path(tempfile.mkdtemp(prefix="wasmhub-bench-"))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HUB_")}
    try:
        first, hub = timed(lambda: start_hub(folder, environment, demo=True, people=False))
        show("first start with demo data, to the first answer", first, "s")
        hub.stop()
        second, hub = timed(lambda: start_hub(folder, environment, demo=True, people=False))
        show("second start, to the first answer", second, "s")
        try:
            measure(hub)
        finally:
            hub.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def timed(work: Callable[[], Hub]) -> tuple[float, Hub]:
    """Return how long the work took, and what it gave."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def show(what: str, value: float, unit: str) -> None:
    """Print one figure."""
    print(f"{what:<58} {value:9.2f} {unit}")


def measure(hub: Hub) -> None:
    """Measure pages, search and the way from an upload to its verdict."""
    hub.tokens["alice"] = hub.manage("create_token", "ada")
    # Warm up: the demo data is judged by now, or will be while this waits.
    hub.wait_for_verdict("ada/hello", "1.0.0")
    hub.wait_until_found("hello", "ada/hello", who="alice")
    with hub.client() as client:
        for what, path in (
            ("home page", "/"),
            ("search page with facets", "/search?q=header"),
            ("extension page", "/ada/hello"),
            ("search by REST", "/api/v1/search?q=header"),
            ("release by REST", "/api/v1/extensions/ada/hello/releases/1.0.0"),
            ("ping of the registry (401)", "/v2/"),
        ):
            show(f"{what}, median of {ROUNDS}", page(client, path), "ms")
    for what, times in (("upload to verdict", verdicts(hub)), ("trial", trials(hub))):
        show(f"{what}, median of {ROUNDS}", statistics.median(times), "ms")
        show(f"{what}, 95th percentile", statistics.quantiles(times, n=20)[18], "ms")


def page(client: httpx.Client, path: str) -> float:
    """Return the median milliseconds of a GET."""
    client.get(path)
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        client.get(path)
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def verdicts(hub: Hub) -> list[float]:
    """Return the milliseconds from each upload's 202 to its verdict."""
    times = []
    path = f"ada/{unique('bench')}"
    for number in range(ROUNDS):
        module = filters.with_custom_section(filters.hello(), "bench", secrets.token_bytes(8))
        hub.upload(path, f"1.0.{number}", module)
        started = time.perf_counter()
        with hub.client("alice") as client:
            address = f"/api/v1/extensions/{path}/releases/1.0.{number}"
            while client.get(address).json()["verdict"] == "pending":
                time.sleep(0.01)
        times.append((time.perf_counter() - started) * 1000)
    return times


def trials(hub: Hub) -> list[float]:
    """Return the milliseconds of each trial, the first one apart: it compiles the module."""
    address = "/api/v1/extensions/ada/hello/releases/1.0.0/trials"
    times = []
    with hub.client() as client:
        for _ in range(ROUNDS + 1):
            started = time.perf_counter()
            client.post(address, json={"request": {"path": "/"}}).raise_for_status()
            times.append((time.perf_counter() - started) * 1000)
            time.sleep(0.5)  # as long as a person takes at least
    return times[1:]


if __name__ == "__main__":
    main()
