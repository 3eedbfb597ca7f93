"""
The registry beside Debian's docker-registry, asked directly and without auth, in one run.

The hub answers with all its checks, counting and auth on. Runs alternate, three of each, and the
medians are compared: ratios mean something on any machine, figures only on this one. Needs the
Debian packages docker-registry, wrk and apache2-utils. ``make bench`` runs it.
"""

from __future__ import annotations

import asyncio
import os
import platform
import secrets
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.loading import Load, ab_head, memory, processes, wrk  # noqa: E402 - the path comes first
from bench.sides import EMPTY, MANIFEST, Side, digest_of, hub_side, push  # noqa: E402
from tests.live import Hub, start_hub  # noqa: E402
from tests.registries import BackingRegistry  # noqa: E402

SIZES = {"20 KB": 20_000, "1 MB": 1_000_000, "20 MB": 20_000_000}
CLIENTS = {"20 KB": 32, "1 MB": 16, "20 MB": 8}
COLD = {"20 KB": 60, "1 MB": 30, "20 MB": 6}
PUSHED = 7
ROUNDS = 3


def main(parts: list[str]) -> None:
    """Start both, fill them with the same, and compare."""
    print(
        f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    )
    folder = Path(tempfile.mkdtemp(prefix="wasmhub-bench-"))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HUB_")}
    (folder / "direct").mkdir()
    backing = BackingRegistry("docker-registry", folder / "direct")
    direct = Side(backing.url, backing.pid)
    print("| work | hub / direct | CPU ms per answer, hub / direct | |")
    print("|---|---|---|---|")
    try:
        if "warm" in parts:
            with_hub(folder / "files", environment, lambda hub: warm(direct, hub_side(hub), hub))
        if "cold" in parts:
            upstream = environment | {"HUB_REGISTRY_URL": backing.url + "/bench/content"}
            with_hub(folder / "upstream", upstream, lambda hub: cold(direct, hub_side(hub), hub))
        if "crowd" in parts:
            crowd(folder, environment)
    finally:
        backing.stop()
        shutil.rmtree(folder, ignore_errors=True)


def with_hub(folder: Path, environment: dict[str, str], work: Callable[[Hub], None]) -> None:
    folder.mkdir()
    hub = start_hub(folder, environment)
    try:
        work(hub)
    finally:
        hub.stop()


def warm(direct: Side, hub: Side, running: Hub) -> None:
    """Compare what was asked for before, then the hub under slow clients and page loads."""
    sides = (direct, hub)
    blobs = {name: secrets.token_bytes(size) for name, size in SIZES.items()}
    for side in sides:
        side.push(b"{}")
        digests = {name: side.push(content) for name, content in blobs.items()}
        side.push_manifest("edge", (digests["20 KB"], SIZES["20 KB"]))

    def head(side: Side) -> Load:
        return ab_head(
            side.url("manifests/edge"), processes(side.root), clients=32, token=side.token
        )

    compare("manifest HEAD by tag, 32 connections", head, *sides)
    for what, path, clients in [
        ("manifest GET by tag, 32 connections", "manifests/edge", 32),
        *((f"blob {name}, warm", f"blobs/{digests[name]}", CLIENTS[name]) for name in SIZES),
    ]:

        def get(side: Side, path: str = path, clients: int = clients) -> Load:
            pids = processes(side.root)
            return wrk(side.url(path), pids, clients=clients, token=side.token)

        compare(what, get, *sides)
    slow_clients(hub, f"blobs/{digests['20 MB']}")
    busy_pages(hub, running)


def compare(what: str, work: Callable[[Side], Load], direct: Side, hub: Side) -> None:
    """Print the medians' ratio of alternating runs."""
    runs = [(work(direct), work(hub)) for _ in range(ROUNDS)]
    theirs, ours = ([run[number] for run in runs] for number in (0, 1))
    ratio = statistics.median(run.rate for run in ours) / statistics.median(
        run.rate for run in theirs
    )
    cpu = [statistics.median(run.cpu for run in side) for side in (ours, theirs)]
    failed = sum(run.failed for run in [*ours, *theirs])
    note = f"{failed} answers failed" if failed else ""
    print(f"| {what} | {ratio:.2f}x | {cpu[0]:.2f} / {cpu[1]:.2f} | {note} |", flush=True)


def slow_clients(hub: Side, path: str) -> None:
    """Let 60 clients pull 20 MB at 80 KB/s while others want manifests at once."""
    pids = processes(hub.root)
    before = memory(pids)
    stop = threading.Event()

    def pull() -> None:
        with hub.client() as client, client.stream("GET", hub.url(path)) as answer:
            for _ in answer.iter_raw(8_000):
                if stop.wait(0.1):
                    return

    threads = [threading.Thread(target=pull) for _ in range(60)]
    for thread in threads:
        thread.start()
    time.sleep(5)
    with hub.client() as client:
        times = [reading(client, hub.url("manifests/edge")) for _ in range(500)]
    grown = memory(pids) - before
    stop.set()
    for thread in threads:
        thread.join()
    p99 = statistics.quantiles(times, n=100)[98] * 1000
    print(f"| 60 slow pulls of 20 MB: manifest GET p99 | {p99:.0f} ms | | |")
    print(f"| 60 slow pulls of 20 MB: memory growth | {grown:.0f} MB | | |", flush=True)


def busy_pages(hub: Side, running: Hub) -> None:
    """Load search pages from 8 clients while others want manifests."""
    stop = threading.Event()

    def browse() -> None:
        with running.client() as client:
            while not stop.is_set():
                client.get("/search?q=filter")

    threads = [threading.Thread(target=browse) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    with hub.client() as client:
        times = [reading(client, hub.url("manifests/edge")) for _ in range(300)]
    stop.set()
    for thread in threads:
        thread.join()
    p99 = statistics.quantiles(times, n=100)[98] * 1000
    print(f"| manifest GET p99 while 8 clients load search pages | {p99:.0f} ms | | |", flush=True)


def cold(direct: Side, hub: Side, running: Hub) -> None:
    """Compare first reads through the hub of what the backing registry holds, and pushes to it."""
    sides = (direct, hub)
    for side in sides:
        side.push(b"{}")
        for number in range(100):
            side.push_manifest(f"tag-{number}", (EMPTY, 2))
    tell("manifest GET by tag, cold", *(first_reads(side, manifests()) for side in sides))
    for name, number in COLD.items():
        contents = [secrets.token_bytes(SIZES[name]) for _ in range(number)]
        paths = [f"blobs/{digest_of(content)}" for content in contents]
        for side in sides:
            for content in contents:
                side.push(content)
        forget_copies(running)
        tell(f"blob {name}, cold", *(first_reads(side, paths) for side in sides))
    contents = [secrets.token_bytes(SIZES["20 MB"]) for _ in range(PUSHED)]
    with direct.client() as theirs, hub.client() as ours:
        times = [[pushing(client, each) for client in (theirs, ours)] for each in contents]
    tell("push of 20 MB", *(statistics.median(each[n] for each in times) for n in (0, 1)))


def crowd(folder: Path, environment: dict[str, str]) -> None:
    """Let 500 clients at once ask for a tag that was just pushed, and for its layer."""
    (folder / "noting").mkdir()
    backing = BackingRegistry("docker-registry", folder / "noting", noting=True)
    content = secrets.token_bytes(SIZES["1 MB"])
    digest = digest_of(content)

    def work(running: Hub) -> None:
        hub = hub_side(running)
        hub.push(b"{}")
        hub.push(content)
        hub.push_manifest("new", (digest, len(content)))
        forget_copies(running)
        before = backing.reads(digest.partition(":")[2])
        asyncio.run(all_at_once(hub, ["manifests/new", f"blobs/{digest}"], clients=500))
        fetches = backing.reads(digest.partition(":")[2]) - before
        print(f"| 500 clients, one new tag: fetches | {fetches} | | |", flush=True)

    try:
        settings = environment | {"HUB_REGISTRY_URL": backing.url + "/bench/content"}
        with_hub(folder / "crowd", settings, work)
    finally:
        backing.stop()


async def all_at_once(side: Side, paths: list[str], *, clients: int) -> None:
    """Let each of the clients, all connected, read one path after the other."""
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    headers = {"Accept": MANIFEST, "Authorization": f"Bearer {side.token}"}
    async with httpx.AsyncClient(headers=headers, limits=limits, timeout=120) as client:

        async def read() -> None:
            for path in paths:
                (await client.get(side.url(path))).raise_for_status()

        await asyncio.gather(*(read() for _ in range(clients)))


def forget_copies(hub: Hub) -> None:
    """Empty the cache on disk; what was pushed and never read is in no process's memory."""
    for copy in (Path(hub.environment["HUB_DATA_DIR"]) / "blobs" / "cache").rglob("*"):
        if copy.is_file():
            copy.unlink()


def manifests() -> list[str]:
    return [f"manifests/tag-{number}" for number in range(100)]


def first_reads(side: Side, paths: list[str]) -> float:
    """Return the median seconds of reading each path once."""
    with side.client() as client:
        return statistics.median(reading(client, side.url(path)) for path in paths)


def reading(client: httpx.Client, url: str) -> float:
    """Return the seconds of a GET to its last byte."""
    started = time.perf_counter()
    client.get(url).raise_for_status()
    return time.perf_counter() - started


def pushing(client: httpx.Client, content: bytes) -> float:
    """Return the seconds of a push, without what the client does for itself."""
    digest = digest_of(content)
    started = time.perf_counter()
    push(client, digest, content)
    return time.perf_counter() - started


def tell(what: str, direct: float, hub: float) -> None:
    note = f"{hub * 1000:.1f} / {direct * 1000:.1f} ms"
    print(f"| {what} | {direct / hub:.2f}x | | {note} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or ["warm", "cold", "crowd"])
