"""``manage.py seed_demo``: people, organizations and the filters of ``examples/``."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from hub.demo import DemoPerson, seed


class Command(BaseCommand):
    """
    Seed demo data; doing it again adds only what is missing.

    The filters go through the same services and workers as everybody's: their verdicts come once
    a worker runs.
    """

    help = "Seed demo people and the example filters."

    def handle(self, **_options: Any) -> None:
        people: list[DemoPerson] = seed(
            settings.ROOT / "examples", new_password=lambda: secrets.token_urlsafe(9)
        )
        if not people:
            return
        self.stdout.write("Demo people (their passwords are shown this once):")
        for person in people:
            self.stdout.write(f"  {person.name:<8} {person.password}   {person.what}")
