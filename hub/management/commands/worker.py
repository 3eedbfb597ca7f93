"""``manage.py worker``: a Celery worker and a hopeful for the sweeping."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from core.background import Background
from core.sweeper import Sweeper
from hub.celery import app
from validation.children import say_isolation

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Work on jobs until told to stop."""

    help = "Run a worker: it validates what was pushed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=2, help="jobs at a time")

    def handle(self, *, concurrency: int, **_options: Any) -> None:
        # It warns of root because of pickle, which we do not accept.
        warnings.filterwarnings("ignore", message="You're running the worker with superuser")
        say_isolation()
        sweeper, background = Sweeper(), Background()
        sweeper.start()
        background.start()
        try:
            # Threads: the heavy work happens in child processes, and each costs its own memory.
            app.worker_main(
                [
                    *("--quiet", "worker", "--pool", "threads", "--concurrency", str(concurrency)),
                    *("--loglevel", "warning"),
                    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
                ]
            )
        finally:
            background.stop()
            sweeper.stop()
