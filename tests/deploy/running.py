"""Processes of the image that tests/containerfile.py makes, on loopback."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.containerfile import Stage
from tests.live import Hub, let_in, wait_until_alive
from tests.servers import free_port


@contextmanager
def running_image(image: Stage, environment: dict[str, str]) -> Iterator[Hub]:
    """Run the image's own command on an empty volume, with alice, bob and mallory let in."""
    port = free_port()
    for volume in map(image.path, image.volumes):
        shutil.rmtree(volume)
        volume.mkdir()
    its = image.process_environment() | environment
    log = image.root.parent / f"hub-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [_on_loopback(word, port) for word in image.command],
            cwd=image.path(image.folder),
            env=its,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    hub = Hub(f"http://127.0.0.1:{port}", its, process, log)
    try:
        wait_until_alive(hub)
        let_in(hub)
        yield hub
    finally:
        hub.stop()


def check_health(image: Stage, port: int) -> None:
    """Run the image's health check. Raises CalledProcessError when it says no."""
    subprocess.run(
        [_on_loopback(word, port) for word in image.healthcheck],
        cwd=image.path(image.folder),
        env=image.process_environment(),
        check=True,
        capture_output=True,
    )


def _on_loopback(word: str, port: int) -> str:
    """Take another port than 8000, which a container has for itself, and for this machine only."""
    return word.replace("0.0.0.0", "127.0.0.1").replace("8000", str(port))
