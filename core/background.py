"""The thread of a worker that does what nobody waits for."""

from __future__ import annotations

import logging
import threading

from django.db import close_old_connections, connection

from core import jobs

logger = logging.getLogger(__name__)

IDLE_SECONDS = 1.0


class Background(threading.Thread):
    """Do background jobs, one at a time, until told to stop."""

    def __init__(self) -> None:
        super().__init__(name="background", daemon=True)
        self._stopped = threading.Event()

    def run(self) -> None:
        did_something = False
        while not self._stopped.wait(0 if did_something else IDLE_SECONDS):
            try:
                close_old_connections()
                did_something = jobs.run_in_background()
            except Exception:
                logger.exception("The background work failed; the next round tries again.")
                did_something = False
        connection.close()

    def stop(self) -> None:
        """Let the thread end after the job under way; its lease runs out if that takes long."""
        self._stopped.set()
