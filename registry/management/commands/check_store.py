"""``manage.py check_store``: read every byte that was acknowledged, and compare."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry.checking import problems


class Command(BaseCommand):
    """Print what is absent or damaged; the exit status tells whether anything is."""

    help = "Check that the content store holds every acknowledged byte."

    def handle(self, **_options: Any) -> None:
        number = 0
        for number, problem in enumerate(problems(), start=1):  # noqa: B007 - it is read below
            self.stdout.write(problem)
        if number:
            raise CommandError(f"{number} wrong: restore them from a backup.")
        self.stdout.write("Everything that was acknowledged is there.")
