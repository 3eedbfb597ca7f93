"""``manage.py prepare``: everything a start needs, in one process because starts should be fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from hub.static import collect_static

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Migrate the database and collect the static files; with --demo also seed demo data."""

    help = "Bring database and static files up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="seed demo data as well")

    def handle(self, *, demo: bool, **_options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        collect_static()
        if demo:
            call_command("seed_demo", stdout=self.stdout)
