"""``manage.py serve``: the whole hub on one machine."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from core.origin import public_origin
from core.sweeper import Sweeper

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from types import FrameType

GRACE_SECONDS = 20
# A child that dies this often in this many seconds will not get better by itself.
RESTARTS, WINDOW_SECONDS = 5, 30.0


@dataclass(slots=True)
class Child:
    """A process that must be there as long as the hub is."""

    name: str
    command: list[str]
    environment: dict[str, str]
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started: list[float] = field(default_factory=list)

    def start(self) -> None:
        """
        Start, or start again.

        :raises CommandError: it died too often in a short time
        """
        now = time.monotonic()
        self.started = [moment for moment in self.started if now - moment < WINDOW_SECONDS]
        if len(self.started) >= RESTARTS:
            raise CommandError(f"The {self.name} keeps dying; what it printed above says why.")
        self.started.append(now)
        self.process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            self.command, env=self.environment, pass_fds=self.pass_fds, start_new_session=True
        )

    def is_dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None


class Command(BaseCommand):
    """Run portal, registry and worker together until told to stop."""

    help = "Run portal, registry and worker on one machine."
    # ``prepare`` has made them; here they would only make the start slower.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--prepare", action="store_true", help="run `prepare` first")
        parser.add_argument("--demo", action="store_true", help="prepare with demo data")

    def handle(self, *, host: str, port: int, prepare: bool, demo: bool, **_options: Any) -> None:
        listener = listen(host, port)
        if prepare or demo:
            call_command("prepare", demo=demo, skip_checks=False, stdout=self.stdout)
        _check_migrations()
        os.environ["HUB_LISTEN_PORT"] = str(port)
        settings.LISTEN_PORT = port
        children = [_web(listener), _worker()]
        self._stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        sweeper = Sweeper()
        sweeper.start()
        try:
            for child in children:
                child.start()
            self.stdout.write(f"WebAssembly Hub is at {public_origin()}  (Ctrl-C stops it)")
            self.stdout.flush()
            self._watch(children)
        finally:
            _end(children)
            sweeper.stop()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _watch(self, children: list[Child]) -> None:
        while not self._stopping:
            for child in children:
                if child.is_dead():
                    self.stderr.write(f"The {child.name} died; starting it again.")
                    child.start()
            time.sleep(0.2)


def listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else starts, and keep it while the web process restarts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"Port {port} on {host} is taken: choose another one with --port "
                "(or `make run PORT=…`)."
            ) from error
        raise CommandError(f"Cannot listen on {host} port {port}: {error.strerror}.") from error
    # uvicorn takes an inherited socket for a local one and would leave Nagle's algorithm on: each
    # small answer would wait 40 ms for the client's acknowledgement of its head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.listen(1024)
    listener.set_inheritable(True)
    return listener


def _check_migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The database is not up to date: run `python manage.py prepare` first.")


def _web(listener: socket.socket) -> Child:
    command = [
        *(sys.executable, "-m", "uvicorn", "hub.asgi:application"),
        *("--fd", str(listener.fileno()), "--no-access-log", "--no-server-header"),
        *("--no-proxy-headers", "--log-level", "warning", "--lifespan", "on"),
        *("--timeout-graceful-shutdown", "10", "--app-dir", str(settings.ROOT)),
    ]
    return _child("web server", command, (listener.fileno(),))


def _worker() -> Child:
    return _child("worker", [sys.executable, str(settings.ROOT / "manage.py"), "worker"])


def _child(name: str, command: list[str], pass_fds: tuple[int, ...] = ()) -> Child:
    # Should this process be killed outright, its children must not stay behind with the port.
    setpriv = shutil.which("setpriv")
    tied = [setpriv, "--pdeathsig", "TERM", *command] if setpriv else command
    return Child(name, tied, dict(os.environ), pass_fds)


def _end(children: list[Child]) -> None:
    """Ask the children to stop, and make them after the grace."""
    alive = [child.process for child in children if child.process and child.process.poll() is None]
    for process in alive:
        process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for process in alive:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
