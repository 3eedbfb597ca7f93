"""Load generators and what they cost: wrk, ab, and the processor time of servers."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """One run: answers per second, p99 in ms, CPU-ms of the servers per answer, failures."""

    rate: float
    p99: float
    cpu: float
    failed: int


def wrk(url: str, pids: Iterable[int], *, clients: int, token: str = "", seconds: int = 4) -> Load:
    """GET an address again and again from so many connections."""
    command = ["wrk", "-t2", f"-c{clients}", f"-d{seconds}s", "--latency", "--timeout", "30s"]
    said, cpu = _spent(pids, lambda: _run([*command, *_headers(token, "-H"), url]))
    number = int(_find(r"(\d+) requests in", said))
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", said).groups()  # type: ignore[union-attr] # wrk always says it
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return Load(
        float(_find(r"Requests/sec:\s+([\d.]+)", said)),
        float(value) * UNITS[unit],
        cpu / max(number, 1),
        int(bad[1]) if bad else 0,
    )


def ab_head(
    url: str, pids: Iterable[int], *, clients: int, token: str = "", number: int = 8000
) -> Load:
    """HEAD an address so many times (wrk would wait for a body)."""
    command = ["ab", "-q", "-k", "-i", f"-c{clients}", f"-n{number}"]
    said, cpu = _spent(pids, lambda: _run([*command, *_headers(token, "-H"), url]))
    return Load(
        float(_find(r"Requests per second:\s+([\d.]+)", said)),
        float(_find(r"99%\s+(\d+)", said)),
        cpu / number,
        int(_find(r"Failed requests:\s+(\d+)", said)),
    )


def processes(root: int) -> list[int]:
    """Return a process and all its children, now."""
    found = [root]
    for task in Path(f"/proc/{root}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += processes(int(child))
    return found


def memory(pids: Iterable[int]) -> float:
    """Return how much of the machine's memory the processes hold, in MB."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _spent(pids: Iterable[int], work: Callable[[], str]) -> tuple[str, float]:
    """Return what the work returned, and the CPU milliseconds that the servers took for it."""
    pids = list(pids)
    before = sum(map(_cpu, pids))
    said = work()
    return said, (sum(map(_cpu, pids)) - before) * 1000 / TICK


def _cpu(pid: int) -> int:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return int(user) + int(system)


def _run(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _headers(token: str, flag: str) -> list[str]:
    accept = "Accept: application/vnd.oci.image.manifest.v1+json"
    return [flag, accept, *([flag, f"Authorization: Bearer {token}"] if token else [])]


def _find(pattern: str, said: str) -> str:
    match = re.search(pattern, said)
    if match is None:
        raise SystemExit(f"cannot read what the load generator said: {said[-500:]}")
    return match[1]
